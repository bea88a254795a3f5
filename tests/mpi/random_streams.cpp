// options::seed and task::random: an item's random numbers are those of a serial run, whatever the call, the
// schedule, the ranks and the attempts.

#include <mpimap/mpimap.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "mpi_test.hpp"
#include "pool_test.hpp"

using namespace mpimap_test;
using mpimap::mpi_map;
using mpimap::random_engine;
using mpimap::task;
using mpimap::detail::next_call_ordinal;
using mpimap::detail::random_key;
using mpimap::detail::random_key_of;

namespace {

using words = std::array<std::uint64_t, 4>;

/// Of two streams, one of them begun twice.
words draw_from(random_engine first, random_engine second) {
    random_engine again = first;
    return {first(), first(), second(), again()};
}
words draw(const task& t, int) {
    return draw_from(t.random(), t.random(1));
}
std::uint64_t first_word(const task& t, int) {
    return t.random()();
}

words expected(const random_key& key, std::size_t index) {
    return draw_from({key, index, 0}, {key, index, 1});
}
std::vector<words> expected_of_all(const random_key& key, std::size_t n) {
    std::vector<words> all;
    for (std::size_t i = 0; i < n; ++i)
        all.push_back(expected(key, i));
    return all;
}

/// Of this process's next call; counts one itself.
random_key key_of_next_call(std::uint64_t seed) {
    return random_key_of(seed, "", next_call_ordinal() + 1).value();
}
random_key key_of_name(std::uint64_t seed, const std::string& name) {
    return random_key_of(seed, name, 1).value();
}

const std::vector<int> hundred = count_to(100);

template <typename Results>
std::vector<words> values(const Results& tried) {
    std::vector<words> all;
    for (const auto& r : tried)
        all.push_back(r.value());
    return all;
}

} // namespace

// ---------------------------------------------------------------- collective calls

TEST(random_streams, are_those_of_a_serial_run_with_every_schedule_and_root) {
    for_each_root([](int root) {
        for_each_schedule(root, [root](mpimap::options o) {
            const random_key key = key_of_next_call(42);
            o.seed = 42;
            expect_on_root(root, mpi_map(comm(), o, draw, hundred), expected_of_all(key, 100));
        });
    });
}

// The same numbers on every machine, now and in later versions.
TEST(random_streams, stay_as_they_are) {
    const auto got =
        mpi_map(comm(), {.results = mpimap::results::everywhere, .seed = 42, .stream = "burn-in"}, first_word,
                count_to(20));
    EXPECT_EQ(got.size(), 20U);
    EXPECT_EQ(got[0], 17729542148509875430U);
    EXPECT_EQ(got[1], 3116669277431356103U);
    EXPECT_EQ(got[19], 7024734458329925959U);
}

TEST(random_streams, are_the_same_in_every_form_of_call) {
    const int root = other_root();
    const mpimap::options o{.root = root, .schedule = mpimap::schedule::dynamic, .chunk = 3, .seed = 42};
    const auto expect = [&](const auto& call) {
        const std::vector<words> all = expected_of_all(key_of_next_call(42), 100);
        expect_on_root(root, call(), all);
    };
    expect([&] { return mpi_map(comm(), o, draw, hundred); });
    expect([&] { return mpimap::mpi_starmap(comm(), o, draw, std::vector<std::tuple<int>>(100)); });
    expect([&] { return values(mpimap::mpi_try_map(comm(), o, draw, hundred)); });
    expect([&] {
        std::vector<words> out(rank() == root ? 100 : 0);
        mpimap::mpi_map_into(comm(), o, draw, out, hundred);
        return out;
    });
    {
        const std::vector<words> all = expected_of_all(key_of_next_call(42), 100);
        const auto check = [](const task& t, const words& right) {
            if (draw(t, 0) != right)
                throw std::runtime_error("other numbers");
        };
        mpimap::mpi_for_each(comm(), o, check, all);
    }
    {
        const random_key key = key_of_next_call(42);
        std::uint64_t all = 0;
        for (std::size_t i = 0; i < 1000; ++i)
            all ^= random_engine(key, i, 0)();
        const std::uint64_t got =
            mpimap::mpi_map_reduce(comm(), o, std::bit_xor<>(), std::uint64_t{0}, first_word, count_to(1000));
        EXPECT_EQ(got, rank() == root ? all : 0);
    }
}

TEST(random_streams, are_the_same_in_each_attempt) {
    const auto on_odd_ranks = [](const task& t, int x) {
        const words drawn = draw(t, x);
        if (t.size() > 1 && t.rank() % 2 == 0)
            throw std::runtime_error("an even rank");
        return drawn;
    };
    const mpimap::options o{.chunk = 5, .attempts = static_cast<std::size_t>(size()) + 1, .seed = 42};
    const random_key key = key_of_next_call(42);
    expect_on_root(0, mpi_map(comm(), o, on_odd_ranks, hundred), expected_of_all(key, 100));
    with_pool([&](mpimap::pool& p) {
        const random_key here = key_of_next_call(42);
        EXPECT_EQ(p.map(o, on_odd_ranks, hundred), expected_of_all(here, 100));
        const random_key there = key_of_next_call(42);
        EXPECT_EQ(all_of(p.imap(o, on_odd_ranks, hundred)), expected_of_all(there, 100));
    });
}

TEST(random_streams, of_one_seed_are_others_in_each_call_and_the_same_in_calls_of_one_name) {
    const mpimap::options everywhere{.results = mpimap::results::everywhere, .seed = 42};
    mpimap::options named = everywhere;
    named.stream = "burn-in";
    mpimap::options another = everywhere;
    another.stream = "run";
    const auto first = mpi_map(comm(), everywhere, draw, hundred);
    const auto second = mpi_map(comm(), everywhere, draw, hundred);
    EXPECT_NE(first, second);
    const auto burn_in = mpi_map(comm(), named, draw, hundred);
    EXPECT_EQ(burn_in, expected_of_all(key_of_name(42, "burn-in"), 100));
    EXPECT_EQ(mpi_map(comm(), named, draw, hundred), burn_in);
    EXPECT_NE(mpi_map(comm(), another, draw, hundred), burn_in);
    named.seed = 43;
    EXPECT_NE(mpi_map(comm(), named, draw, hundred), burn_in);
}

TEST(random_streams, are_asked_for_in_vain_without_a_seed) {
    const std::string text =
        text_of<mpimap::map_error>([] { (void)mpi_map(comm(), {.stream = "name"}, draw, hundred); });
    EXPECT_CONTAINS(text, "mpimap::invalid_argument");
    EXPECT_CONTAINS(text, ".seed = 42");
    expect_next_call_works();
}

TEST(random_streams, may_be_arguments_and_results) {
    std::vector<random_engine> walkers;
    for (std::size_t i = 0; i < 100; ++i)
        walkers.emplace_back(42, i);
    std::vector<random_engine> moved = walkers;
    for (random_engine& rng : moved)
        rng.discard(5);
    const auto five_steps = [](random_engine rng) {
        for (int i = 0; i < 5; ++i)
            (void)rng();
        return rng;
    };
    expect_on_root(0, mpi_map(comm(), five_steps, walkers), moved);
}

// ---------------------------------------------------------------- which calls count

TEST(random_streams, hang_on_calls_of_all_roots) {
    const std::uint64_t before = next_call_ordinal();
    for_each_root([](int root) {
        (void)mpi_map(
            comm(), {.root = root}, [](int x) { return x; }, hundred);
    });
    EXPECT_EQ(next_call_ordinal() - before, static_cast<std::uint64_t>(size()) + 1);
}

TEST(random_streams, do_not_hang_on_calls_that_items_make) {
    const auto nested = [](int x) {
        return mpi_map(
                   MPI_COMM_SELF, [](int y) { return y + 1; }, std::vector<int>{x})
            .front();
    };
    const std::uint64_t before = next_call_ordinal();
    expect_on_root(0, mpi_map(comm(), nested, hundred), count_to(100, 1));
    EXPECT_EQ(next_call_ordinal() - before, 2U);
    with_pool([&](mpimap::pool& p) {
        const std::uint64_t here = next_call_ordinal();
        EXPECT_EQ(p.map(nested, hundred), count_to(100, 1));
        std::vector<mpimap::future<int>> some;
        for (int x = 0; x < 10; ++x)
            some.push_back(p.submit(nested, x));
        for (int x = 0; x < 10; ++x)
            EXPECT_EQ(some[static_cast<std::size_t>(x)].get(), x + 1);
        EXPECT_EQ(next_call_ordinal() - here, 3U);
    });
}

TEST(random_streams, of_calls_that_items_make_want_a_name) {
    const auto seeded = [](const task& t, const std::string& name) {
        return mpi_map(MPI_COMM_SELF, {.seed = t.random()(), .stream = name}, draw, count_to(3)).back();
    };
    const std::vector<std::string> nameless(10);
    const std::string text =
        text_of<mpimap::map_error>([&] { (void)mpi_map(comm(), {.seed = 42}, seeded, nameless); });
    EXPECT_CONTAINS(text, "mpimap::invalid_argument");
    EXPECT_CONTAINS(text, "options::stream");

    const random_key key = key_of_next_call(42);
    const std::vector<std::string> named(10, "inner");
    std::vector<words> all;
    for (std::size_t i = 0; i < 10; ++i)
        all.push_back(expected(key_of_name(random_engine(key, i, 0)(), "inner"), 2));
    expect_on_root(0, mpi_map(comm(), {.chunk = 1, .seed = 42}, seeded, named), all);
}

// ---------------------------------------------------------------- pools

TEST(random_streams, are_the_same_in_every_call_of_a_pool) {
    with_pool_of_each_root([](mpimap::pool& p) {
        for_each_schedule(0, [&p](mpimap::options o) {
            o.seed = 42;
            random_key key = key_of_next_call(42);
            EXPECT_EQ(p.map(o, draw, hundred), expected_of_all(key, 100));
        });
        for (const std::optional<std::size_t> chunk :
             {std::optional<std::size_t>(), std::optional<std::size_t>(7)}) {
            const mpimap::options o{.chunk = chunk, .seed = 42};
            const auto expect = [](const auto& call) {
                const std::vector<words> all = expected_of_all(key_of_next_call(42), 100);
                EXPECT_EQ(call(), all);
            };
            expect([&] { return p.starmap(o, draw, std::vector<std::tuple<int>>(100)); });
            expect([&] { return values(p.try_map(o, draw, hundred)); });
            expect([&] {
                std::vector<words> out(100);
                p.map_into(o, draw, out, hundred);
                return out;
            });
            expect([&] { return p.amap(o, draw, hundred).get(); });
            expect([&] { return all_of(p.imap(o, draw, hundred)); });
            expect([&] { return values(all_of(p.try_imap(o, draw, hundred))); });
            expect([&] {
                std::vector<words> by_index(100);
                for (const auto& [i, value] : p.uimap(o, draw, hundred))
                    by_index.at(i) = value;
                return by_index;
            });
            expect([&] {
                std::vector<words> by_index(100);
                for (const auto& [i, value] : p.try_uimap(o, draw, hundred))
                    by_index.at(i) = value.value();
                return by_index;
            });
        }
    });
}

TEST(random_streams, of_calls_in_flight_are_their_own) {
    with_pool([](mpimap::pool& p) {
        std::vector<random_key> keys;
        std::vector<mpimap::future<std::vector<words>>> all;
        for (std::uint64_t seed = 0; seed < 10; ++seed) {
            keys.push_back(key_of_next_call(seed));
            all.push_back(p.amap({.chunk = 3, .seed = seed}, draw, hundred));
        }
        for (std::size_t k = 0; k < all.size(); ++k)
            EXPECT_EQ(all[k].get(), expected_of_all(keys[k], 100));
    });
}

TEST(random_streams, of_submissions_hang_on_their_number_among_all_of_the_pool) {
    with_pool_of_each_root({.seed = 42}, [](mpimap::pool& p) {
        const random_key key = key_of_next_call(42);
        std::vector<mpimap::future<words>> drawn;
        std::vector<std::pair<std::size_t, mpimap::future<words>>> told;
        std::vector<std::pair<std::size_t, mpimap::future<words>>> of_others;
        std::size_t number = 0;
        for (int k = 0; k < 50; ++k) {
            drawn.push_back(p.submit(draw, k));
            if (k % 3 == 0) { // has no task, and counts all the same
                EXPECT_EQ(p.submit([](int x) { return x + 1; }, k).get(), k + 1);
            }
        }
        number = 0;
        for (int k = 0; k < 50; ++k) {
            EXPECT_EQ(drawn[static_cast<std::size_t>(k)].get(), expected(key, number));
            number += k % 3 == 0 ? 2 : 1;
        }
        for (int k = 0; k < 20; ++k) {
            told.emplace_back(number++, p.submit([](const task& t) { return draw(t, 1); }));
            // Another function each time, soon forgotten.
            of_others.emplace_back(number++,
                                   p.submit([k](const task& t, int x) { return draw(t, k + x); }, 1));
        }
        for (auto& [n, f] : told)
            EXPECT_EQ(f.get(), expected(key, n));
        for (auto& [n, f] : of_others)
            EXPECT_EQ(f.get(), expected(key, n));
        for (int k = 0; k < 50; ++k) {
            const auto one = [k](const task& t) { return draw(t, k); };
            EXPECT_EQ(p.submit(one).get(), expected(key, number++));
        }
        const auto made = mpimap::per_rank([] { return [](const task& t, int x) { return draw(t, x); }; });
        EXPECT_EQ(p.submit(made, 1).get(), expected(key, number++));
    });
}

TEST(random_streams, of_submissions_are_one_call_of_the_program) {
    with_pool({.seed = 42}, [](mpimap::pool& p) {
        const std::uint64_t before = next_call_ordinal();
        for (int k = 0; k < 40; ++k)
            (void)p.submit([k](const task& t) { return draw(t, k); }).get();
        EXPECT_EQ(next_call_ordinal() - before, 2U);
    });
    with_pool({.seed = 42, .stream = "burn-in"}, [](mpimap::pool& p) {
        EXPECT_EQ(p.submit(draw, 1).get(), expected(key_of_name(42, "burn-in"), 0));
        // Other calls have their own.
        EXPECT_EQ(p.map({.seed = 43, .stream = "run"}, draw, hundred),
                  expected_of_all(key_of_name(43, "run"), 100));
        EXPECT_THROW((void)p.map(draw, hundred), mpimap::map_error);
    });
    with_pool([](mpimap::pool& p) {
        EXPECT_THROW((void)p.submit(draw, 1).get(), std::exception);
        const auto index = [](const task& t) { return t.index(); };
        EXPECT_EQ(p.submit(index).get(), 0U); // of this function
        EXPECT_EQ(p.submit(index).get(), 1U);
        expect_usable(p);
    });
}
