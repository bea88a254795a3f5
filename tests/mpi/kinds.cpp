// The other kinds of maps: mpi_map_into, mpi_for_each, mpi_try_map.

#include <mpimap/mpimap.hpp>

#include <algorithm>
#include <array>
#include <list>
#include <numeric>
#include <ranges>
#include <span>
#include <stdexcept>

#include "mpi_test.hpp"

using namespace mpimap_test;
using mpimap::mpi_for_each;
using mpimap::mpi_map;
using mpimap::mpi_map_into;
using mpimap::mpi_try_map;

namespace {

std::vector<int> count_to(std::size_t n) {
    std::vector<int> all(n);
    std::iota(all.begin(), all.end(), 0);
    return all;
}

constexpr auto half = [](int x) { return 0.5 * x; };

std::vector<double> halves(std::size_t n) {
    std::vector<double> all;
    for (const int x : count_to(n))
        all.push_back(half(x));
    return all;
}

std::string text_for(int x) {
    return std::string(static_cast<std::size_t>(x), 't');
}

// ---------------------------------------------------------------- mpi_map_into

TEST(kinds, map_into_fills_the_range_of_the_root) {
    for_each_root([](int root) {
        for_each_schedule(root, [&](const mpimap::options& o) {
            const bool here = rank() == root;
            std::vector<double> out(here ? 100 : 0, -1.0);
            const double* const memory = out.data();
            mpi_map_into(comm(), o, half, out, count_to(100));
            EXPECT_EQ(out, here ? halves(100) : std::vector<double>{});
            EXPECT_EQ(out.data(), memory);
        });
    });
}

TEST(kinds, map_into_leaves_other_ranks_and_what_lies_behind_alone) {
    std::vector<double> out(12, -1.0);
    mpi_map_into(comm(), half, out, count_to(10));
    std::vector<double> expected(12, -1.0);
    if (rank() == 0)
        std::ranges::copy(halves(10), expected.begin());
    EXPECT_EQ(out, expected);
    mpi_map_into(comm(), half, out, count_to(0));
    EXPECT_EQ(out, expected);
}

TEST(kinds, map_into_takes_ranges_of_all_kinds) {
    const int root = other_root();
    const mpimap::options o{.root = root};
    const bool here = rank() == root;
    const std::size_t n = 70;
    const std::size_t room = here ? n : 0;

    std::list<double> list(room);
    mpi_map_into(comm(), o, half, list, count_to(n));
    EXPECT_TRUE(std::ranges::equal(list, halves(room)));

    std::vector<bool> bits(room);
    mpi_map_into(
        comm(), o, [](int x) { return x % 3 == 0; }, bits, count_to(n));
    for (std::size_t i = 0; i < room; ++i)
        EXPECT_EQ(bits[i], i % 3 == 0);

    std::vector<float> floats(room); // another type than the result's
    mpi_map_into(comm(), o, half, floats, count_to(n));
    EXPECT_TRUE(std::ranges::equal(floats, halves(room)));

    std::vector<std::string> texts(room, "old");
    mpi_map_into(comm(), o, text_for, texts, count_to(n));
    for (std::size_t i = 0; i < room; ++i)
        EXPECT_EQ(texts[i], text_for(static_cast<int>(i)));

    std::array<double, 80> array{};
    mpi_map_into(comm(), o, half, std::span(array).subspan(5, n), count_to(n));
    EXPECT_TRUE(std::ranges::equal(std::span(array).subspan(5, room), halves(room)));
    EXPECT_EQ(array[4], 0.0);
    EXPECT_EQ(array[75], 0.0);

    std::vector<double> backwards(room);
    mpi_map_into(comm(), o, half, backwards | std::views::reverse, count_to(n));
    std::ranges::reverse(backwards);
    EXPECT_EQ(backwards, halves(room));
}

TEST(kinds, map_into_refuses_a_range_that_is_too_small) {
    for_each_root([](int root) {
        // The root's range counts.
        std::vector<double> out(rank() == root ? 9 : 100);
        const std::string text = text_of<mpimap::invalid_argument>(
            [&] { mpi_map_into(comm(), {.root = root}, half, out, count_to(10)); });
        EXPECT_CONTAINS(text, "9");
        EXPECT_CONTAINS(text, "10");
        EXPECT_TRUE(same_everywhere(text));
        expect_next_call_works(root);
    });
    EXPECT_CONTAINS(text_of<mpimap::invalid_argument>([] {
                        std::list<double> none;
                        mpi_map_into(comm(), half, none, count_to(1));
                    }),
                    "room for 0");
    EXPECT_CONTAINS(text_of<mpimap::invalid_argument>([] {
                        std::vector<double> out(10);
                        mpi_map_into(comm(), {.results = mpimap::results::everywhere}, half, out,
                                     count_to(10));
                    }),
                    "everywhere");
    expect_next_call_works();
}

struct picky {
    picky() = default;
    explicit picky(double v) {
        if (v > 3)
            throw std::length_error("picky");
    }
};

TEST(kinds, map_into_reports_what_the_range_throws) {
    for_each_root([](int root) {
        std::vector<picky> out(20);
        std::string text;
        try {
            mpi_map_into(comm(), {.root = root}, half, out, count_to(20));
            ADD_FAILURE() << "no exception";
        } catch (const mpimap::map_error& e) {
            text = e.what();
            EXPECT_EQ(e.errors().at(0).index(), 7U);
            EXPECT_THROW(e.errors().at(0).rethrow(), std::length_error);
        }
        EXPECT_TRUE(same_everywhere(text));
        expect_next_call_works(root);
    });
}

// ---------------------------------------------------------------- mpi_for_each

int items_run = 0;
long index_sum = 0;

TEST(kinds, for_each_runs_every_item_once) {
    for_each_root([](int root) {
        for_each_schedule(root, [&](const mpimap::options& o) {
            for (const long n : {0, 1, 5, 100}) {
                items_run = 0;
                index_sum = 0;
                mpi_for_each(
                    comm(), o,
                    [](std::size_t i) {
                        ++items_run;
                        index_sum += static_cast<long>(i);
                    },
                    mpimap::indices(static_cast<std::size_t>(n)));
                EXPECT_EQ(sum_over_ranks(items_run), n);
                EXPECT_EQ(sum_over_ranks(index_sum), n * (n - 1) / 2);
            }
        });
    });
}

struct cannot_travel {
    explicit cannot_travel(int) {}
    cannot_travel(cannot_travel&&) = delete;
    cannot_travel(const cannot_travel&) = delete;
};

TEST(kinds, for_each_drops_what_the_function_returns) {
    items_run = 0;
    mpi_for_each(
        comm(),
        [](int x) {
            ++items_run;
            return cannot_travel(x);
        },
        count_to(40));
    EXPECT_EQ(sum_over_ranks(items_run), 40);
    items_run = 0;
    mpi_for_each(
        comm(), {.schedule = mpimap::schedule::static_},
        [](mpimap::task t, const std::string& s, int factor) {
            items_run += factor * static_cast<int>(s.size());
            return t.index();
        },
        std::vector<std::string>{"a", "bb", "ccc"}, mpimap::broadcast(10));
    EXPECT_EQ(sum_over_ranks(items_run), 60);
}

TEST(kinds, for_each_throws_what_an_item_threw) {
    for_each_root([](int root) {
        items_run = 0;
        std::string text;
        try {
            mpi_for_each(
                comm(), {.root = root, .on_error = mpimap::on_error::collect},
                [](int x) {
                    ++items_run;
                    if (x % 10 == 3)
                        throw std::out_of_range(std::to_string(x));
                },
                count_to(40));
            ADD_FAILURE() << "no exception";
        } catch (const mpimap::map_error& e) {
            text = e.what();
            EXPECT_EQ(e.failed(), 4U);
            EXPECT_EQ(e.errors().at(3).what(), "33");
        }
        EXPECT_TRUE(same_everywhere(text));
        EXPECT_EQ(sum_over_ranks(items_run), 40);
        expect_next_call_works(root);
    });
}

// ---------------------------------------------------------------- mpi_try_map

int divide_hundred(int x) {
    if (x % 4 == 0)
        throw std::domain_error("no " + std::to_string(x));
    return 100 / x;
}

void expect_outcomes(const std::vector<mpimap::expected<int, mpimap::task_error>>& got, std::size_t n) {
    EXPECT_EQ(got.size(), n);
    for (std::size_t i = 0; i < got.size(); ++i) {
        SCOPED_TRACE(i);
        const int x = static_cast<int>(i);
        EXPECT_EQ(got[i].has_value(), x % 4 != 0);
        if (got[i].has_value()) {
            EXPECT_EQ(*got[i], 100 / x);
            EXPECT_EQ(got[i].value(), 100 / x);
            EXPECT_EQ(got[i].value_or(-1), 100 / x);
        } else {
            const mpimap::task_error& e = got[i].error();
            EXPECT_EQ(e.index(), i);
            EXPECT_EQ(e.what(), "no " + std::to_string(x));
            EXPECT_EQ(e.type(), "std::domain_error");
            EXPECT_EQ(e.arguments(), std::to_string(x));
            EXPECT_GE(e.rank(), 0);
            EXPECT_LT(e.rank(), size());
            EXPECT_FALSE(e.host().empty());
            EXPECT_THROW(e.rethrow(), std::domain_error);
            EXPECT_EQ(got[i].value_or(-1), -1);
        }
    }
}

TEST(kinds, try_map_gives_for_each_item_its_result_or_its_error) {
    for_each_root([](int root) {
        for_each_schedule(root, [&](const mpimap::options& o) {
            const auto got = mpi_try_map(comm(), o, divide_hundred, count_to(41));
            expect_outcomes(got, rank() == root ? 41 : 0);
        });
        mpimap::options everywhere{.root = root, .results = mpimap::results::everywhere};
        expect_outcomes(mpi_try_map(comm(), everywhere, divide_hundred, count_to(30)), 30);
        expect_outcomes(mpi_try_map(comm(), everywhere, divide_hundred, count_to(0)), 0);
    });
}

TEST(kinds, try_map_carries_results_of_all_kinds) {
    const auto text = [](int x) {
        if (x == 5)
            throw 5; // no std::exception
        return text_for(x);
    };
    const auto got = mpi_try_map(comm(), text, count_to(20));
    EXPECT_EQ(got.size(), rank() == 0 ? 20U : 0U);
    for (std::size_t i = 0; i < got.size(); ++i) {
        if (i == 5) {
            EXPECT_FALSE(got[i].has_value());
            EXPECT_EQ(got[i].error().type(), "int");
            EXPECT_THROW(got[i].error().rethrow(), mpimap::remote_error);
        } else {
            EXPECT_EQ(got[i].value(), text_for(static_cast<int>(i)));
        }
    }
    const auto all_fail = mpi_try_map(
        comm(), {.results = mpimap::results::everywhere},
        [](int) -> std::vector<double> { throw std::runtime_error("all"); }, count_to(200));
    EXPECT_EQ(all_fail.size(), 200U);
    for (const auto& r : all_fail)
        EXPECT_FALSE(r.has_value());
}

} // namespace
