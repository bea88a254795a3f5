// How often items are tried, where, and what their last failures were.

#include "call/retries.hpp"

#include <cstddef>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using mpimap::detail::failure;
using mpimap::detail::retries;

failure failed(std::size_t item, int rank) {
    failure f;
    f.index = item;
    f.rank = rank;
    f.what = "on rank " + std::to_string(rank);
    return f;
}
const auto all_run = [](std::size_t) { return true; };

TEST(retries, one_attempt_is_all) {
    const retries r(1);
    EXPECT_TRUE(r.none());
    EXPECT_FALSE(r.allows(3));
    EXPECT_EQ(r.attempt_of(3), 1U);
    EXPECT_FALSE(r.has(3));
}

TEST(retries, counts_attempts) {
    retries r(3);
    EXPECT_FALSE(r.none());
    EXPECT_TRUE(r.allows(5));
    r.try_again(failed(5, 0));
    EXPECT_TRUE(r.has(5));
    EXPECT_EQ(r.attempt_of(5), 2U);
    EXPECT_EQ(r.attempt_of(6), 1U);
    EXPECT_TRUE(r.allows(5));
    r.try_again(failed(5, 1));
    EXPECT_EQ(r.attempt_of(5), 3U);
    EXPECT_FALSE(r.allows(5));
}

TEST(retries, elsewhere_first) {
    retries r(9);
    r.try_again(failed(0, 2));
    EXPECT_EQ(r.not_by(0, 3, all_run), (std::vector<std::size_t>{2}));
    r.try_again(failed(0, 1));
    EXPECT_EQ(r.not_by(0, 3, all_run), (std::vector<std::size_t>{2, 1}));
    // Rank 0 runs nothing: then all have tried, and any may again.
    EXPECT_TRUE(r.not_by(0, 3, [](std::size_t rank) { return rank != 0; }).empty());
    r.try_again(failed(0, 0));
    EXPECT_TRUE(r.not_by(0, 3, all_run).empty());
}

TEST(retries, the_last_failure_is_the_one) {
    retries r(5);
    r.try_again(failed(4, 0));
    r.try_again(failed(2, 1));
    r.try_again(failed(4, 3));
    const retries::last_failure one = r.give_up(4);
    EXPECT_EQ(one.why.rank, 3);
    EXPECT_EQ(one.attempt, 2U);
    const std::vector<retries::last_failure> all = r.give_up();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].why.index, 2U);
    EXPECT_EQ(all[0].attempt, 1U);
    EXPECT_EQ(all[1].why.what, "on rank 3");
    EXPECT_FALSE(r.has(4));
    EXPECT_TRUE(r.give_up().empty());
}

} // namespace
