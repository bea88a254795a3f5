// Each schedule by itself: what it hands out, to whom, and what it says of the rest.

#include <schedule/schedule.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace mpimap::detail;

measurements measured(std::size_t done, double item_time) {
    measurements m;
    m.items_done = done;
    m.item_time = item_time;
    return m;
}

chunk_request request(std::size_t items, std::size_t ranks, std::optional<std::size_t> chunk = {}) {
    chunk_request r;
    r.remaining = items;
    r.items = items;
    r.ranks = ranks;
    r.chunk = chunk;
    return r;
}

/// The sizes of the chunks that one rank after the other gets, which must be neighbours from the front.
std::vector<std::size_t> sizes(item_schedule& s, std::size_t ranks) {
    std::vector<std::size_t> all;
    std::size_t next = 0;
    while (!s.empty(all.size() % ranks)) {
        const std::size_t rank = all.size() % ranks;
        const item_range chunk = s.next(rank, measured(0, 0));
        EXPECT_EQ(chunk.first, next);
        EXPECT_NE(chunk.count, 0U);
        next = chunk.end();
        all.push_back(chunk.count);
    }
    for (std::size_t rank = 0; rank < ranks; ++rank) {
        EXPECT_TRUE(s.empty(rank));
        EXPECT_EQ(s.next(rank, measured(0, 0)).count, 0U);
    }
    return all;
}

TEST(schedules, the_options_choose_one) {
    using mpimap::options;
    using mpimap::schedule;
    const auto made = [](const options& o) { return make_schedule(o, 100, 4, 8, 1); };
    const auto is = [](const std::unique_ptr<item_schedule>& s, auto* wanted) {
        return dynamic_cast<std::remove_pointer_t<decltype(wanted)>*>(s.get()) != nullptr;
    };
    const std::vector<double> costs(100, 1.0);
    EXPECT_TRUE(is(made({}), static_cast<automatic*>(nullptr)));
    EXPECT_TRUE(is(made({.schedule = schedule::dynamic}), static_cast<dynamic*>(nullptr)));
    EXPECT_TRUE(is(made({.schedule = schedule::guided}), static_cast<guided*>(nullptr)));
    EXPECT_TRUE(is(made({.schedule = schedule::factoring}), static_cast<factoring*>(nullptr)));
    EXPECT_TRUE(is(made({.schedule = schedule::static_}), static_cast<slices*>(nullptr)));
    EXPECT_TRUE(is(made({.schedule = schedule::static_, .chunk = 3}), static_cast<blocks*>(nullptr)));
    options o;
    o.costs = costs;
    EXPECT_TRUE(is(made(o), static_cast<by_cost*>(nullptr)));
    o.schedule = schedule::dynamic;
    EXPECT_TRUE(is(made(o), static_cast<by_cost*>(nullptr)));
}

TEST(schedules, slices_are_each_ranks_own) {
    slices s(10, 3, 8, 1);
    EXPECT_TRUE(s.decided());
    EXPECT_FALSE(s.makes_portions());
    std::vector<std::size_t> counts(3);
    for (std::size_t rank = 3; rank-- != 0;) { // whoever comes first
        std::size_t next = static_slice(10, 3, rank, 1).first;
        while (!s.empty(rank)) {
            const item_range block = s.next(rank, measured(0, 0));
            EXPECT_EQ(block.first, next);
            next = block.end();
            counts[rank] += block.count;
        }
        EXPECT_EQ(s.next(rank, measured(0, 0)).count, 0U);
    }
    EXPECT_EQ(counts, (std::vector<std::size_t>{4, 3, 3}));
    EXPECT_TRUE(slices(0, 3, 8, 1).empty(0));
}

TEST(schedules, slices_go_in_blocks_of_a_mebibyte_at_least) {
    constexpr std::size_t mebi = 1024 * 1024;
    slices s(2 * 64 * mebi, 2, 8, 1); // 512 MiB for each: eighths
    EXPECT_EQ(s.next(0, measured(0, 0)).count, 8 * mebi);
    slices small(2 * mebi, 2, 8, 1); // 8 MiB
    EXPECT_EQ(small.next(1, measured(0, 0)).count, mebi / 8);
    measurements m = measured(1, 1e-6);
    m.argument_bytes = 8;
    m.result_bytes = 24; // more than was known beforehand
    EXPECT_EQ(small.next(0, m).count, mebi / 8);
}

TEST(schedules, blocks_are_dealt) {
    blocks s(11, 2, 3);
    EXPECT_TRUE(s.decided());
    EXPECT_EQ(s.next(1, measured(0, 0)).first, 3U);
    EXPECT_EQ(s.next(1, measured(0, 0)).first, 9U);
    EXPECT_TRUE(s.empty(1));
    EXPECT_FALSE(s.empty(0));
    EXPECT_EQ(s.next(0, measured(0, 0)).count, 3U);
    EXPECT_EQ(s.next(0, measured(0, 0)).first, 6U);
    EXPECT_TRUE(s.empty(0));
    EXPECT_TRUE(blocks(0, 2, 3).empty(1));
}

TEST(schedules, long_items_first_where_costs_say_so) {
    by_cost s({1, 5, 3}, 2, 1);
    EXPECT_FALSE(s.decided());
    EXPECT_EQ(s.next(0, measured(0, 0)).first, 1U);
    EXPECT_EQ(s.next(item_schedule::anyone, measured(0, 0)).first, 2U);
    EXPECT_EQ(s.next(0, measured(0, 0)).first, 0U);
    EXPECT_TRUE(s.empty(0));
}

TEST(schedules, sizes_of_chunks) {
    dynamic ones(request(4, 2));
    EXPECT_EQ(sizes(ones, 2), (std::vector<std::size_t>{1, 1, 1, 1}));
    dynamic threes(request(7, 2, 3));
    EXPECT_EQ(sizes(threes, 2), (std::vector<std::size_t>{3, 3, 1}));
    guided halves(request(16, 2));
    EXPECT_EQ(sizes(halves, 2), (std::vector<std::size_t>{8, 4, 2, 1, 1}));
    guided threes_at_least(request(16, 2, 3));
    EXPECT_EQ(sizes(threes_at_least, 2), (std::vector<std::size_t>{8, 4, 3, 1}));
    factoring rounds(request(16, 2));
    EXPECT_EQ(sizes(rounds, 2), (std::vector<std::size_t>{4, 4, 2, 2, 1, 1, 1, 1}));
    automatic first_round(request(4, 2)); // too few to begin at both ends
    EXPECT_EQ(sizes(first_round, 2), (std::vector<std::size_t>{1, 1, 1, 1}));
}

TEST(schedules, more_items_come_behind_the_others) {
    dynamic s(request(0, 2, 2));
    EXPECT_TRUE(s.empty(0));
    s.extend(3);
    EXPECT_EQ(s.next(0, measured(0, 0)).count, 2U);
    s.extend(2);
    const item_range next = s.next(1, measured(0, 0));
    EXPECT_EQ(next.first, 2U);
    EXPECT_EQ(next.count, 2U);
}

TEST(schedules, items_are_withdrawn) {
    dynamic s(request(10, 2, 4));
    EXPECT_TRUE(s.withdraw(0)); // the next one
    EXPECT_TRUE(s.withdraw(3));
    EXPECT_TRUE(s.withdraw(4));
    EXPECT_FALSE(s.withdraw(4));
    const item_range first = s.next(0, measured(0, 0));
    EXPECT_EQ(first.first, 1U);
    EXPECT_EQ(first.count, 2U);  // up to the next that is withdrawn
    EXPECT_FALSE(s.withdraw(1)); // has been handed out
    EXPECT_FALSE(s.withdraw(10));
    EXPECT_EQ(s.next(0, measured(0, 0)).first, 5U);
    EXPECT_TRUE(s.withdraw(9));
    EXPECT_TRUE(s.empty(0));
    slices fixed(4, 2, 8, 1);
    EXPECT_FALSE(fixed.withdraw(0));
}

TEST(schedules, automatic_divides_what_comes_back) {
    automatic s(request(1000, 2));
    EXPECT_TRUE(s.makes_portions());
    EXPECT_EQ(s.portion(500, measured(200, 10e-6)), 100U); // a millisecond's worth
    EXPECT_EQ(s.portion(20, measured(200, 10e-6)), 20U);
    automatic fixed(request(1000, 2, 7));
    EXPECT_FALSE(fixed.makes_portions());
    EXPECT_EQ(fixed.portion(500, measured(200, 10e-6)), 500U);
}

} // namespace
