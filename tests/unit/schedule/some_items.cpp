// A call of which some items have their results already: the rest is handed out, each item once.

#include <schedule/some_items.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace mpimap::detail;
using mpimap::index_range;
using mpimap::options;
using mpimap::schedule;

std::size_t count(const std::vector<index_range>& ranges) {
    std::size_t n = 0;
    for (const index_range& r : ranges)
        n += r.size();
    return n;
}

some_items make(const options& o, const std::vector<index_range>& ranges, std::size_t ranks) {
    return {make_schedule(o, count(ranges), ranks, 8, 1), ranges, ranks};
}

/// What is handed out when one rank after the other asks, in order of items.
std::vector<std::size_t> all_of(some_items& s, std::size_t ranks) {
    std::vector<std::size_t> items;
    measurements m;
    for (bool more = true; more;) {
        more = false;
        for (std::size_t rank = 0; rank < ranks; ++rank) {
            const bool empty = s.empty(rank);
            const item_range chunk = s.next(rank, m);
            EXPECT_EQ(empty, chunk.count == 0);
            for (std::size_t i = chunk.first; i < chunk.end(); ++i)
                items.push_back(i);
            if (chunk.count != 0 && s.takes_notes())
                s.note(chunk, 1e-3);
            m.items_done += chunk.count;
            m.item_time = 1e-3;
            more = more || chunk.count != 0;
        }
    }
    std::sort(items.begin(), items.end());
    return items;
}

std::vector<std::size_t> items_of(const std::vector<index_range>& ranges) {
    std::vector<std::size_t> items;
    for (const index_range& r : ranges) {
        for (std::size_t i = r.first; i < r.last; ++i)
            items.push_back(i);
    }
    return items;
}

TEST(some_items, are_handed_out_once_by_every_schedule) {
    std::mt19937 random(3);
    for (int round = 0; round < 50; ++round) {
        std::vector<index_range> ranges;
        std::size_t at = random() % 10;
        for (std::size_t i = random() % 20 + 1; i != 0; --i) {
            const std::size_t size = random() % 100 + 1;
            ranges.push_back({at, at + size});
            at += size + random() % 50 + 1;
        }
        std::vector<double> costs(count(ranges));
        for (double& c : costs)
            c = static_cast<double>(random() % 10 + 1);
        for (const std::size_t ranks : {1U, 2U, 7U}) {
            for (const options& o :
                 {options{}, options{.schedule = schedule::static_},
                  options{.schedule = schedule::static_, .chunk = 3},
                  options{.schedule = schedule::dynamic, .chunk = 5}, options{.schedule = schedule::guided},
                  options{.schedule = schedule::factoring}, options{.costs = costs}}) {
                some_items s = make(o, ranges, ranks);
                EXPECT_EQ(all_of(s, ranks), items_of(ranges));
            }
        }
    }
}

TEST(some_items, of_a_chunk_over_a_gap_come_in_parts) {
    some_items s = make({.schedule = schedule::dynamic, .chunk = 4}, {{2, 5}, {10, 11}, {20, 30}}, 2);
    const measurements m;
    const auto next = [&] {
        const item_range r = s.next(0, m);
        return std::pair(r.first, r.count);
    };
    EXPECT_EQ(next(), std::pair(std::size_t{2}, std::size_t{3}));
    EXPECT_FALSE(s.empty(1));
    EXPECT_EQ(next(), std::pair(std::size_t{10}, std::size_t{1}));
    EXPECT_EQ(next(), std::pair(std::size_t{20}, std::size_t{4}));
}

/// Slices are each rank's own, in parts as well.
TEST(some_items, that_are_divided_beforehand_stay_with_their_rank) {
    some_items s = make({.schedule = schedule::static_}, {{0, 2}, {10, 14}}, 2);
    const measurements m;
    EXPECT_TRUE(s.decided());
    EXPECT_EQ(s.next(0, m).first, 0U);  // 0 and 1
    EXPECT_EQ(s.next(1, m).first, 11U); // 11 to 13
    EXPECT_TRUE(s.empty(1));
    EXPECT_FALSE(s.empty(0));
    EXPECT_EQ(s.next(0, m).first, 10U);
    EXPECT_TRUE(s.empty(0));
}

TEST(some_items, may_be_none) {
    some_items s = make({}, {}, 2);
    EXPECT_TRUE(s.empty(0));
    EXPECT_EQ(s.next(0, {}).count, 0U);
}

/// Those that are to come last come one by one, whoever asks, behind all others.
TEST(some_items, that_come_last_come_alone) {
    for (const schedule how : {schedule::automatic, schedule::static_, schedule::dynamic, schedule::guided}) {
        constexpr std::size_t ranks = 3;
        const std::vector<item_range> last{{5, 3}, {40, 1}, {99, 1}};
        scheduled_items all =
            some_items::of({.schedule = how}, {{0, 20}, {30, 50}, {99, 100}}, last, ranks, 8, 1);
        EXPECT_EQ(all.items, 41U);
        std::vector<std::size_t> items;
        measurements m;
        std::vector<bool> alone(100);
        std::size_t single = 0;
        for (bool more = true; more;) {
            more = false;
            for (std::size_t rank = 0; rank < ranks; ++rank) {
                const item_range chunk = all.schedule->next(rank, m);
                more = more || chunk.count != 0;
                for (std::size_t i = chunk.first; i < chunk.end(); ++i) {
                    items.push_back(i);
                    const bool is_last = (i >= 5 && i < 8) || i == 40 || i == 99;
                    EXPECT_TRUE(!is_last || chunk.count == 1) << i;
                    single += is_last ? 1 : 0;
                    EXPECT_TRUE(all.schedule->decided() || is_last || single == 0) << i;
                }
                if (chunk.count != 0)
                    all.schedule->note(chunk, 1e-3);
            }
        }
        std::sort(items.begin(), items.end());
        EXPECT_EQ(items, items_of({{0, 20}, {30, 50}, {99, 100}}));
    }
}

/// Estimates are those of the items that are left.
TEST(some_items, go_by_their_own_costs) {
    std::vector<double> costs(10, 1);
    costs[7] = 100;
    costs[2] = 1000; // is not handed out
    scheduled_items all = some_items::of({.chunk = 1, .costs = costs}, {{0, 2}, {5, 10}}, {}, 2, 8, 1);
    EXPECT_EQ(all.items, 7U);
    EXPECT_EQ(all.schedule->next(0, {}).first, 7U);
}

} // namespace
