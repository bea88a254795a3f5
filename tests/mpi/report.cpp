// options::report.

#include <mpimap/report.hpp>

#include <chrono>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "pool_test.hpp"

namespace {

using namespace mpimap_test;
using namespace std::chrono_literals;

/// The time that it has taken, in seconds.
double nap(std::size_t i) {
    const auto begin = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(i % 16 == 7 ? 8ms : 2ms);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::size_t items_of_ranks(const mpimap::report& r) {
    return std::accumulate(r.ranks.begin(), r.ranks.end(), std::size_t{0},
                           [](std::size_t sum, const auto& one) { return sum + one.items; });
}

/// On the root.
void expect_naps(const mpimap::report& r, const std::vector<double>& took) {
    const double sum = std::accumulate(took.begin(), took.end(), 0.0);
    EXPECT_EQ(r.items, took.size());
    EXPECT_EQ(r.attempts, took.size());
    EXPECT_EQ(r.failures, 0U);
    EXPECT_EQ(r.ranks.size(), static_cast<std::size_t>(size()));
    EXPECT_EQ(items_of_ranks(r), took.size());
    EXPECT_GE(r.busy(), sum);
    EXPECT_LE(r.busy(), r.seconds * size() * 1.0001);
    EXPECT_GT(r.efficiency(), 0);
    EXPECT_LE(r.efficiency(), 1.0001);
    if (size() == 1) {
        EXPECT_EQ(r.bytes_sent + r.bytes_received, 0U);
    }
    ASSERT_EQ(r.slowest.size(), 5U);
    for (std::size_t k = 0; k < 5; ++k) {
        const mpimap::report::item& slow = r.slowest[k];
        ASSERT_LT(slow.index, took.size());
        EXPECT_GE(slow.seconds, took[slow.index]);
        EXPECT_TRUE(k == 0 || r.slowest[k - 1].seconds >= slow.seconds);
        EXPECT_LT(slow.rank, size());
    }
}

TEST(report, of_a_collective_call) {
    for_each_root([](int root) {
        for (const mpimap::schedule s :
             {mpimap::schedule::automatic, mpimap::schedule::static_, mpimap::schedule::dynamic}) {
            mpimap::report r;
            r.failures = 17;
            const auto took = mpimap::mpi_map(comm(), {.root = root, .schedule = s, .report = &r}, nap,
                                              mpimap::indices(64));
            if (rank() != root) {
                EXPECT_EQ(r.failures, 17U); // it is the root's
                continue;
            }
            expect_naps(r, took);
            if (s == mpimap::schedule::static_ && size() != 1) {
                EXPECT_GE(r.bytes_received,
                          (64 - 64 / static_cast<std::size_t>(size()) - 1) * sizeof(double));
            }
            for (const mpimap::report::item& slow : r.slowest)
                EXPECT_EQ(slow.arguments, std::to_string(slow.index));
        }
    });
}

TEST(report, of_calls_of_a_pool) {
    with_pool([](mpimap::pool& pool) {
        mpimap::report r;
        std::vector<double> took = pool.map({.report = &r}, nap, mpimap::indices(64));
        expect_naps(r, took);
        {
            auto later = pool.amap({.report = &r}, nap, mpimap::indices(64));
            took = later.get();
        }
        expect_naps(r, took);
        took = all_of(pool.imap({.report = &r}, nap, mpimap::indices(64)));
        expect_naps(r, took);
    });
}

TEST(report, counts_attempts_and_failures) {
    const auto fails_at_three = [](std::size_t i) {
        if (i % 8 == 3)
            throw std::domain_error("three is no good");
        return i;
    };
    mpimap::report r;
    const auto all =
        mpimap::mpi_try_map(comm(), {.attempts = 3, .report = &r}, fails_at_three, mpimap::indices(32));
    if (rank() == 0) {
        EXPECT_EQ(all.size(), 32U);
        EXPECT_EQ(r.items, 28U);
        EXPECT_EQ(r.failures, 4U);
        EXPECT_EQ(r.attempts, 28U + 4 * 3);
        EXPECT_EQ(items_of_ranks(r), r.attempts);
    }
    r = {};
    EXPECT_THROW((void)mpimap::mpi_map(comm(), {.on_error = mpimap::on_error::collect, .report = &r},
                                       fails_at_three, mpimap::indices(10)),
                 mpimap::map_error);
    if (rank() == 0) {
        EXPECT_EQ(r.items, 9U);
        EXPECT_EQ(r.failures, 1U);
    }
}

TEST(report, of_a_call_without_items_is_empty) {
    mpimap::report r;
    r.items = 99;
    (void)mpimap::mpi_map(comm(), {.report = &r}, nap, mpimap::indices(0));
    EXPECT_EQ(r.items, rank() == 0 ? 0U : 99U);
}

} // namespace
