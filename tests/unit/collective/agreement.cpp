// What ranks learn from the largest of their words.

#include "collective/agreement.hpp"

#include <algorithm>
#include <cstddef>

#include <gtest/gtest.h>

namespace {

using mpimap::detail::agreement;

/// As the all-reduce does.
agreement all_of(std::initializer_list<agreement> ranks) {
    agreement all;
    for (const agreement& one : ranks) {
        for (std::size_t i = 0; i < agreement::size; ++i)
            all.data()[i] = std::max(all.data()[i], one.data()[i]);
    }
    return all;
}

TEST(agreement, the_same_call_of_all_ranks) {
    const agreement all = all_of({agreement::of_call(5, 0, 100, true), agreement::of_call(5, 0, 100, false)});
    EXPECT_TRUE(all.same_call());
    EXPECT_TRUE(all.same_root());
    EXPECT_TRUE(all.same_piece());
    EXPECT_TRUE(all.has_checksums());
    EXPECT_EQ(all.cause(), 0);
    EXPECT_FALSE(all.somebody_leaves());
}

TEST(agreement, one_rank_that_is_to_end_is_enough) {
    const agreement all =
        all_of({agreement::of_call(5, 0, 100, false), agreement::of_call(5, 0, 100, false, 10),
                agreement::of_call(5, 0, 100, false)});
    EXPECT_TRUE(all.same_call());
    EXPECT_EQ(all.cause(), 10);
    EXPECT_EQ(
        all_of({agreement::of_call(5, 0, 100, false, 10), agreement::of_call(5, 0, 100, false, 255)}).cause(),
        255);
}

TEST(agreement, what_differs_is_seen) {
    EXPECT_FALSE(
        all_of({agreement::of_call(5, 0, 100, false), agreement::of_call(6, 0, 100, false)}).same_call());
    EXPECT_FALSE(
        all_of({agreement::of_call(5, 0, 100, false), agreement::of_call(5, 1, 100, false)}).same_root());
    const agreement pieces =
        all_of({agreement::of_call(5, 0, 100, false), agreement::of_call(5, 0, 50, false)});
    EXPECT_FALSE(pieces.same_piece());
    EXPECT_EQ(pieces.smallest_piece(), 50U);
    EXPECT_EQ(pieces.largest_piece(), 100U);
    const agreement leaves = all_of({agreement::of_call(5, 0, 100, false), agreement::of_leaving(3)});
    EXPECT_TRUE(leaves.somebody_leaves());
    EXPECT_EQ(leaves.leaver(), 3);
}

} // namespace
