#include <mpimap/detail/index_set.hpp>

#include <algorithm>
#include <cstddef>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace {

using mpimap::index_range;
using mpimap::detail::index_set;
using ranges = std::vector<index_range>;

TEST(IndexSet, IsEmptyAtFirst) {
    const index_set s;
    EXPECT_EQ(s.size(), 0U);
    EXPECT_TRUE(s.ranges().empty());
    EXPECT_FALSE(s.contains(0));
}

TEST(IndexSet, NothingAddsNothing) {
    index_set s;
    s.add(7, 7);
    EXPECT_EQ(s.size(), 0U);
    EXPECT_TRUE(s.ranges().empty());
}

TEST(IndexSet, NeighboursBecomeOneRange) {
    index_set s;
    s.add(4, 6);
    s.add(6, 9);
    s.add(2, 4);
    EXPECT_EQ(s.ranges(), (ranges{{2, 9}}));
    s.add(10, 11);
    EXPECT_EQ(s.ranges(), (ranges{{2, 9}, {10, 11}}));
    s.add(9, 10); // fills the gap
    EXPECT_EQ(s.ranges(), (ranges{{2, 11}}));
    EXPECT_EQ(s.size(), 9U);
    EXPECT_FALSE(s.contains(1));
    EXPECT_TRUE(s.contains(2));
    EXPECT_TRUE(s.contains(10));
    EXPECT_FALSE(s.contains(11));
}

TEST(IndexSet, AnyOrderGivesTheSame) {
    constexpr std::size_t n = 400;
    for (unsigned seed = 0; seed < 200; ++seed) {
        std::mt19937 random(seed);
        ranges pieces;
        for (std::size_t at = 0; at < n;) {
            const std::size_t length = std::min(n - at, std::size_t{1} + random() % 5);
            if (random() % 3 != 0) // the others stay gaps
                pieces.push_back({at, at + length});
            at += length;
        }
        std::shuffle(pieces.begin(), pieces.end(), random);
        index_set s;
        std::set<std::size_t> expected;
        for (const index_range& r : pieces) {
            s.add(r.first, r.last);
            for (std::size_t i = r.first; i < r.last; ++i)
                expected.insert(i);
        }
        EXPECT_EQ(s.size(), expected.size());
        std::set<std::size_t> got;
        std::size_t before = n + 1;
        for (const index_range& r : s.ranges()) {
            EXPECT_LT(r.first, r.last);
            EXPECT_TRUE(before == n + 1 || before < r.first) << "ranges that touch are one";
            before = r.last;
            for (std::size_t i = r.first; i < r.last; ++i)
                got.insert(i);
        }
        EXPECT_EQ(got, expected) << "seed " << seed;
        for (std::size_t i = 0; i < n; ++i)
            EXPECT_EQ(s.contains(i), expected.count(i) == 1);
    }
}

TEST(IndexSet, CuttingRemovesWhatIsBehind) {
    constexpr std::size_t n = 14;
    for (std::size_t end = 0; end <= n; ++end) {
        index_set s;
        s.add(2, 5);
        s.add(7, 8);
        s.add(10, 13);
        s.cut(end);
        std::size_t left = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const bool was = (i >= 2 && i < 5) || i == 7 || (i >= 10 && i < 13);
            EXPECT_EQ(s.contains(i), was && i < end) << i << " of " << end;
            left += was && i < end ? 1 : 0;
        }
        EXPECT_EQ(s.size(), left);
        s.add(end + n, end + n + 2); // it can grow again
        EXPECT_EQ(s.size(), left + 2);
    }
}

TEST(IndexSet, RefusesWhatItHas) {
    index_set s;
    EXPECT_TRUE(s.add(2, 5));
    EXPECT_FALSE(s.add(4, 6));
    EXPECT_FALSE(s.add(0, 3));
    EXPECT_FALSE(s.add(3, 4));
    EXPECT_FALSE(s.add(0, 9));
    EXPECT_TRUE(s.add(8, 9));
    EXPECT_FALSE(s.add(5, 9)); // next to the newest, and over the one behind
    EXPECT_EQ(s.ranges(), (ranges{{2, 5}, {8, 9}}));
    EXPECT_EQ(s.size(), 4U);
}

TEST(IndexSet, TellsWhatItHasNot) {
    index_set s;
    const auto gaps = [&s](std::size_t first, std::size_t last) {
        ranges all;
        s.for_each_gap(first, last, [&all](std::size_t from, std::size_t to) { all.push_back({from, to}); });
        return all;
    };
    EXPECT_EQ(gaps(3, 7), (ranges{{3, 7}}));
    s.add(2, 4);
    s.add(6, 8);
    EXPECT_EQ(gaps(0, 10), (ranges{{0, 2}, {4, 6}, {8, 10}}));
    EXPECT_EQ(gaps(3, 7), (ranges{{4, 6}}));
    EXPECT_EQ(gaps(2, 4), ranges{});
    EXPECT_EQ(gaps(4, 6), (ranges{{4, 6}}));
    EXPECT_EQ(gaps(5, 9), (ranges{{5, 6}, {8, 9}}));
    EXPECT_EQ(gaps(5, 5), ranges{});
}

} // namespace
