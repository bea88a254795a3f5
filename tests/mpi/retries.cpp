// options::attempts and retry_if: items that fail are run again, elsewhere if there is an elsewhere.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "../pool_test.hpp"

namespace {

using namespace mpimap_test;

std::map<int, int> runs_here; // of this rank, by argument

/// Fails on even ranks, unless there is no other.
int on_odd_ranks(mpimap::task where, int x) {
    ++runs_here[x];
    if (where.size() > 1 && where.rank() % 2 == 0)
        throw std::runtime_error("an even rank");
    return 10 * x;
}
/// The same, and one item is no good anywhere.
int all_but_fifty(mpimap::task where, int x) {
    if (x == 50) {
        ++runs_here[x];
        throw std::invalid_argument("fifty");
    }
    return on_odd_ranks(where, x);
}
int odd_items(int x) {
    if (x % 2 == 0)
        throw std::domain_error("even");
    return 10 * x;
}
/// Fails the first time that a rank runs it.
int second_time(int x) {
    if (++runs_here[x] % 2 == 1)
        throw std::runtime_error("not yet");
    return 10 * x;
}

std::size_t enough_attempts() {
    return static_cast<std::size_t>(size() + 1) / 2 + 1; // every even rank and one more
}
long runs_of(int x) {
    return sum_over_ranks(runs_here[x]);
}

const std::vector<int> hundred = count_to(100, 1);
std::vector<int> tenfold() {
    return serial([](int x) { return 10 * x; }, hundred);
}

} // namespace

// The matrix of Julia's pmap: collective or by a pool, chunk, on_error, attempts, filter.
TEST(retries, of_all_kinds_of_calls_are_complete_and_ordered) {
    for (const named_options& s : all_schedules(0)) {
        for (const mpimap::on_error on_error : {mpimap::on_error::stop, mpimap::on_error::collect}) {
            mpimap::options o = s.options;
            o.on_error = on_error;
            o.attempts = enough_attempts();
            SCOPED_TRACE(s.name);
            expect_on_root(0, mpimap::mpi_map(comm(), o, on_odd_ranks, hundred), tenfold());
            with_pool([&](mpimap::pool& p) {
                EXPECT_EQ(p.map(o, on_odd_ranks, hundred), tenfold());
                const auto all = p.try_map(o, on_odd_ranks, hundred);
                EXPECT_TRUE(std::all_of(all.begin(), all.end(), [](const auto& r) { return r.has_value(); }));
            });
        }
    }
}

TEST(retries, where_items_fail_everywhere_their_errors_stand_in_their_places) {
    for (const std::size_t chunk : {1U, 2U}) {
        for (const std::size_t attempts : {1U, 3U}) {
            const mpimap::options o{.chunk = chunk, .attempts = attempts};
            const auto check = [](const auto& got) {
                for (std::size_t i = 0; i < got.size(); ++i) {
                    const int x = static_cast<int>(i) + 1;
                    EXPECT_EQ(got[i].value_or(-1), x % 2 == 0 ? -1 : 10 * x);
                    if (!got[i].has_value()) {
                        EXPECT_EQ(got[i].error().type(), "std::domain_error");
                        EXPECT_EQ(got[i].error().index(), i);
                    }
                }
            };
            const auto got = mpimap::mpi_try_map(comm(), o, odd_items, hundred);
            EXPECT_EQ(got.size(), rank() == 0 ? 100U : 0U);
            check(got);
            with_pool([&](mpimap::pool& p) { check(p.try_map(o, odd_items, hundred)); });
        }
    }
}

TEST(retries, are_for_what_the_filter_says) {
    for (const mpimap::on_error on_error : {mpimap::on_error::stop, mpimap::on_error::collect}) {
        const mpimap::options o{
            .on_error = on_error, .attempts = enough_attempts(), .retry_if = [](const mpimap::task_error& e) {
                EXPECT_FALSE(e.what().empty());
                return e.type() == "std::runtime_error";
            }};
        runs_here.clear();
        try {
            (void)mpimap::mpi_map(comm(), o, all_but_fifty, hundred);
            ADD_FAILURE() << "no exception";
        } catch (const mpimap::map_error& e) {
            bool fifty = false;
            for (const mpimap::task_error& t : e.errors())
                fifty = fifty || (t.index() == 49 && t.what() == "fifty");
            EXPECT_TRUE(fifty) << e.what();
            if (on_error == mpimap::on_error::collect) {
                EXPECT_EQ(e.failed(), 1U);
            }
        }
        EXPECT_EQ(runs_of(50), 1);
        expect_next_call_works();
    }
}

TEST(retries, are_no_more_than_asked_for_and_go_elsewhere) {
    const auto always = [](int x) -> int {
        ++runs_here[x];
        throw std::runtime_error("never");
    };
    for (int root = 0; root < size(); ++root) {
        for (const std::size_t attempts : {1U, 2U, 3U, 10U}) {
            runs_here.clear();
            const mpimap::options o{
                .root = root, .on_error = mpimap::on_error::collect, .attempts = attempts};
            try {
                mpimap::mpi_for_each(comm(), o, always, std::vector<int>{7});
                ADD_FAILURE() << "no exception";
            } catch (const mpimap::map_error& e) {
                EXPECT_EQ(e.failed(), 1U);
            }
            EXPECT_EQ(runs_of(7), static_cast<long>(attempts));
            // Nobody runs it twice before everybody has run it once.
            const long here = runs_here[7];
            const auto most = static_cast<long>((attempts + static_cast<std::size_t>(size()) - 1) /
                                                static_cast<std::size_t>(size()));
            if (attempts <= static_cast<std::size_t>(size())) {
                EXPECT_LE(here, most);
            }
        }
    }
}

TEST(retries, on_one_rank_are_on_that_rank) {
    const mpimap::options o{.attempts = 2};
    runs_here.clear();
    EXPECT_EQ(mpimap::mpi_map(MPI_COMM_SELF, o, second_time, hundred), tenfold());
    EXPECT_EQ(runs_here[1], 2);
    mpimap::pool alone(MPI_COMM_SELF, {.root_computes = false});
    runs_here.clear();
    EXPECT_EQ(alone.map(o, second_time, hundred), tenfold());
}

TEST(retries, of_every_kind_agree) {
    mpimap::options o{.chunk = 3, .attempts = enough_attempts()};
    const std::vector<std::tuple<int>> tuples(hundred.begin(), hundred.end());
    expect_on_root(0, mpimap::mpi_starmap(comm(), o, on_odd_ranks, tuples), tenfold());
    std::vector<int> out(100);
    mpimap::mpi_map_into(comm(), o, on_odd_ranks, out, hundred);
    if (rank() == 0) {
        EXPECT_EQ(out, tenfold());
    }
    mpimap::mpi_for_each(comm(), o, on_odd_ranks, hundred);
    with_pool_of_each_root([&](mpimap::pool& p) {
        EXPECT_EQ(p.amap(o, on_odd_ranks, hundred).get(), tenfold());
        std::vector<int> all;
        for (const int r : p.imap(o, on_odd_ranks, hundred))
            all.push_back(r);
        EXPECT_EQ(all, tenfold());
        std::vector<int> by_index(100);
        for (const auto& [i, r] : p.uimap(o, on_odd_ranks, hundred))
            by_index.at(i) = r;
        EXPECT_EQ(by_index, tenfold());
    });
    with_pool({.root_computes = false}, [&](mpimap::pool& p) {
        const mpimap::options again{.attempts = 50};
        EXPECT_EQ(p.map(again, second_time, hundred), tenfold());
    });
}

TEST(retries, do_not_change_the_bits_of_a_fold) {
    const auto third = [](mpimap::task where, int x) {
        if (where.size() > 1 && where.rank() % 2 == 0 && x % 7 == 0)
            throw std::runtime_error("an even rank");
        return 1.0 / (3 * x);
    };
    const auto plain = [](int x) { return 1.0 / (3 * x); };
    const std::vector<int> many = count_to(2000, 1);
    const double expected = mpimap::mpi_map_reduce(comm(), std::plus<>(), 0.5, plain, many);
    for (const named_options& s : all_schedules(0)) {
        SCOPED_TRACE(s.name);
        mpimap::options o = s.options;
        o.attempts = enough_attempts();
        EXPECT_EQ(mpimap::mpi_map_reduce(comm(), o, std::plus<>(), 0.5, third, many), expected);
    }
}

TEST(retries, refuse_nonsense_and_tell_what_the_filter_throws) {
    for (const std::size_t attempts : {std::size_t{0}, static_cast<std::size_t>(-1)}) {
        const mpimap::options o{.attempts = attempts};
        const std::string text =
            text_of<mpimap::invalid_argument>([&] { (void)mpimap::mpi_map(comm(), o, odd_items, hundred); });
        EXPECT_CONTAINS(text, "options::attempts");
        with_pool([&](mpimap::pool& p) {
            EXPECT_THROW((void)p.map(o, odd_items, hundred), mpimap::invalid_argument);
            EXPECT_THROW((void)p.imap(o, odd_items, hundred), mpimap::invalid_argument);
        });
    }
    const mpimap::options o{.attempts = 3, .retry_if = [](const mpimap::task_error&) -> bool {
                                throw std::logic_error("the filter's own");
                            }};
    // In the place of the item that it was asked for, whichever of those that failed that was.
    try {
        (void)mpimap::mpi_map(comm(), o, odd_items, hundred);
        ADD_FAILURE() << "nothing is thrown";
    } catch (const mpimap::map_error& e) {
        const std::vector<mpimap::task_error>& all = e.errors();
        EXPECT_TRUE(std::any_of(all.begin(), all.end(), [](const mpimap::task_error& one) {
            return std::string_view(one.what()).find("the filter's own") != std::string_view::npos;
        }));
    }
    expect_next_call_works();
}
