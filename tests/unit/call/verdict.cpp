// What is said of failures when a call is over.

#include "call/verdict.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace mpimap::detail;

failures thrown_at(const std::vector<std::pair<std::uint64_t, double>>& items) {
    failures all;
    for (const auto& [index, moment] : items) {
        failure f;
        f.index = index;
        f.seconds = moment;
        all.push_back(f);
    }
    return all;
}

TEST(time_failures, a_long_item_has_its_own_time) {
    failures one = thrown_at({{7, 102.5}});
    time_failures(one, 0, 100, 7);
    EXPECT_DOUBLE_EQ(one[0].seconds, 2.5);
    // Short ones before it, which have not thrown, took next to nothing of it.
    failures last = thrown_at({{9, 102.5}});
    time_failures(last, 0, 100, 0);
    EXPECT_DOUBLE_EQ(last[0].seconds, 2.5);
}

TEST(time_failures, short_items_share_the_time) {
    failures some = thrown_at({{3, 100 + 40e-6}, {4, 100 + 50e-6}, {9, 100 + 100e-6}});
    time_failures(some, 0, 100, 0);
    EXPECT_NEAR(some[0].seconds, 10e-6, 1e-9);
    EXPECT_NEAR(some[1].seconds, 10e-6, 1e-9);
    EXPECT_NEAR(some[2].seconds, 10e-6, 1e-9);
}

TEST(time_failures, what_did_not_run_has_none) {
    failures some = thrown_at({{0, 0}, {1, 100.5}});
    time_failures(some, 0, 100, 1);
    EXPECT_EQ(some[0].seconds, 0);
    EXPECT_DOUBLE_EQ(some[1].seconds, 0.5);
    // Nor is anything done to those before.
    time_failures(some, 2, 100, 0);
    EXPECT_DOUBLE_EQ(some[1].seconds, 0.5);
}

} // namespace
