// What a failed item's error says, besides what it threw: how long it ran, in which attempt, with which seed,
// and how it is run again.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "failing_values.hpp"
#include "pool_test.hpp"
#include "shared_counter.hpp"

namespace {

using namespace mpimap_test;

constexpr double nap = 30e-3;
double seven(std::size_t i) {
    if (i == 7) {
        rest(30);
        throw std::domain_error("seven");
    }
    return static_cast<double>(i);
}

struct cannot_be_sent {
    template <typename Archive>
    void serialize(Archive&, unsigned) {
        throw std::domain_error("no");
    }
    double operator()(std::size_t) const { return 0; }
};

/// Of a call that fails: its error, with the same text on every rank.
template <typename Call>
mpimap::map_error error_of(const Call& call) {
    try {
        call();
    } catch (const mpimap::map_error& e) {
        return e;
    }
    ADD_FAILURE() << "it did not fail";
    return mpimap::map_error({mpimap::task_error()}, 0, 0);
}

std::size_t count_of(std::string_view text, std::string_view part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
        ++n;
    return n;
}

void expect_seven(const mpimap::task_error& e) {
    EXPECT_EQ(e.index(), 7U);
    EXPECT_GE(e.seconds(), nap);
    EXPECT_LT(e.seconds(), 60);
    EXPECT_EQ(e.attempt(), 1U);
    EXPECT_EQ(e.attempts(), 1U);
}

TEST(failure_report, says_how_long_an_item_ran) {
    for (const auto schedule : {mpimap::schedule::automatic, mpimap::schedule::static_}) {
        const mpimap::map_error e = error_of(
            [&] { (void)mpimap::mpi_map(comm(), {.schedule = schedule}, seven, mpimap::indices(40)); });
        expect_seven(e.errors().front());
        EXPECT_TRUE(contains(e.what(), ", after ")) << e.what();
        EXPECT_FALSE(contains(e.what(), "attempt")) << e.what();
        EXPECT_FALSE(contains(e.what(), "seed")) << e.what();
    }
    const auto all = mpimap::mpi_try_map(comm(), seven, mpimap::indices(40));
    if (rank() == 0)
        expect_seven(all.at(7).error());
    with_pool([](mpimap::pool& p) {
        expect_seven(error_of([&] { (void)p.map(seven, mpimap::indices(40)); }).errors().front());
        expect_seven(error_of([&] {
                         for (const double x : p.imap(seven, mpimap::indices(40)))
                             (void)x;
                     })
                         .errors()
                         .front());
    });
}

TEST(failure_report, says_which_attempt_it_was) {
    const auto odd = [](std::size_t i) {
        if (i % 2 == 1)
            throw std::domain_error("odd");
    };
    const mpimap::map_error e = error_of([&] {
        mpimap::mpi_for_each(comm(), {.on_error = mpimap::on_error::collect, .attempts = 3}, odd,
                             mpimap::indices(20));
    });
    EXPECT_EQ(e.failed(), 10U);
    for (const mpimap::task_error& one : e.errors()) {
        EXPECT_EQ(one.attempt(), 3U);
        EXPECT_EQ(one.attempts(), 3U);
    }
    EXPECT_TRUE(contains(e.what(), "attempt 3 of 3")) << e.what();
    // Where the user does not want another.
    const mpimap::map_error once = error_of([&] {
        mpimap::mpi_for_each(comm(),
                             {.attempts = 3, .retry_if = [](const mpimap::task_error&) { return false; }},
                             odd, mpimap::indices(20));
    });
    EXPECT_EQ(once.errors().front().attempt(), 1U);
    EXPECT_EQ(once.errors().front().attempts(), 3U);
}

/// Each attempt takes longer than the one before.
TEST(failure_report, says_how_long_the_last_attempt_took) {
    const shared_counter attempts;
    const auto tries = [](std::size_t i) {
        if (i != 3)
            return;
        rest(30 * ++shared_counter::value());
        throw std::domain_error("three");
    };
    const auto wants_another = [](const mpimap::task_error& e) {
        const auto n = static_cast<std::size_t>(shared_counter::value());
        EXPECT_EQ(e.attempt(), n);
        EXPECT_EQ(e.attempts(), 3U);
        EXPECT_EQ(e.seed(), std::optional<std::uint64_t>(6));
        EXPECT_GE(e.seconds(), static_cast<double>(n) * nap);
        return true;
    };
    const mpimap::map_error e = error_of([&] {
        mpimap::mpi_for_each(comm(), {.attempts = 3, .retry_if = wants_another, .seed = 6}, tries,
                             mpimap::indices(10));
    });
    EXPECT_EQ(e.errors().front().attempt(), 3U);
    EXPECT_GE(e.errors().front().seconds(), 3 * nap);
}

TEST(failure_report, is_the_same_of_all_kinds_of_calls) {
    constexpr auto everywhere = mpimap::results::everywhere;
    expect_seven(
        error_of([&] { (void)mpimap::mpi_map(comm(), {.results = everywhere}, seven, mpimap::indices(40)); })
            .errors()
            .front());
    expect_seven(error_of([&] {
                     (void)mpimap::mpi_map_reduce(comm(), std::plus<>(), 0.0, seven, mpimap::indices(40));
                 })
                     .errors()
                     .front());
    expect_seven(
        error_of([&] { mpimap::mpi_for_each(comm(), seven, mpimap::indices(40)); }).errors().front());
    with_pool([](mpimap::pool& p) {
        const mpimap::map_error e = error_of([&] {
            for (const auto& [i, x] :
                 p.uimap({.on_error = mpimap::on_error::collect}, seven, mpimap::indices(40)))
                (void)x;
        });
        expect_seven(e.errors().front());
        EXPECT_TRUE(contains(e.what(), "MPIMAP_ONLY=7 MPIMAP_CALL=")) << e.what();
        expect_seven(error_of([&] { (void)p.amap(seven, mpimap::indices(40)).get(); }).errors().front());
        std::size_t n = 0;
        for (const auto& x : p.try_imap(seven, mpimap::indices(40))) {
            if (n++ == 7)
                expect_seven(x.error());
        }
    });
}

/// Of an item whose result was lost on the way.
TEST(failure_report, says_what_is_known_of_a_result_that_cannot_be_read) {
    const auto make = [](std::size_t i) { return fails_to_load{static_cast<int>(i % 4)}; };
    const auto all = mpimap::mpi_try_map(comm(), {.schedule = mpimap::schedule::static_, .seed = 42}, make,
                                         mpimap::indices(8));
    std::size_t failed = 0;
    for (const auto& x : all) {
        if (x)
            continue;
        ++failed;
        EXPECT_EQ(x.error().what(), "will not be loaded");
        EXPECT_EQ(x.error().attempt(), 1U);
        EXPECT_EQ(x.error().attempts(), 1U);
        EXPECT_EQ(x.error().seed(), std::optional<std::uint64_t>(42));
    }
    EXPECT_EQ(failed != 0, rank() == 0 && size() > 1);
}

TEST(failure_report, of_a_call_inside_an_item_names_the_outer_call) {
    const auto calls = [](std::size_t i) {
        mpimap::mpi_for_each(
            MPI_COMM_SELF,
            [i](std::size_t) {
                if (i == 7)
                    throw std::domain_error("inside");
            },
            mpimap::indices(2));
    };
    const mpimap::map_error e = error_of([&] { mpimap::mpi_for_each(comm(), calls, mpimap::indices(10)); });
    EXPECT_TRUE(contains(e.what(), "inside")) << e.what();
    EXPECT_EQ(count_of(e.what(), "MPIMAP_ONLY="), 1U) << e.what();
    EXPECT_TRUE(contains(e.what(), "MPIMAP_ONLY=7 ")) << e.what();
}

TEST(failure_report, says_with_which_seed) {
    const auto draws = [](mpimap::task t, std::size_t i) {
        if (i == 7)
            throw std::domain_error("seven");
        return t.random()();
    };
    const mpimap::map_error e =
        error_of([&] { (void)mpimap::mpi_map(comm(), {.seed = 42}, draws, mpimap::indices(40)); });
    EXPECT_EQ(e.errors().front().seed(), std::optional<std::uint64_t>(42));
    EXPECT_TRUE(contains(e.what(), "seed 42")) << e.what();
}

TEST(failure_report, says_how_to_run_the_item_again) {
    const mpimap::map_error e = error_of([&] { (void)mpimap::mpi_map(comm(), seven, mpimap::indices(40)); });
    const std::string_view text = e.what();
    const std::size_t last = text.rfind('\n');
    ASSERT_NE(last, std::string_view::npos);
    const std::string line(text.substr(last));
    EXPECT_TRUE(contains(line, "cd ")) << line;
    EXPECT_TRUE(contains(line, "MPIMAP_ONLY=7 MPIMAP_CALL=")) << line;
    EXPECT_TRUE(contains(line, "test_failure_report")) << line;
    // Not where no item is to blame.
    const mpimap::map_error of_none =
        error_of([&] { (void)mpimap::mpi_map(comm(), cannot_be_sent(), mpimap::indices(40)); });
    EXPECT_FALSE(contains(of_none.what(), "MPIMAP_ONLY")) << of_none.what();
}

} // namespace
