#include "watch/call_progress.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace {

using mpimap::detail::call_progress;
using mpimap::detail::item_range;
using mpimap::detail::progress_state;
using mpimap::detail::settled_items;
using mpimap::detail::settlement;
using mpimap::detail::together;

settled_items what(settlement how, item_range items) {
    settled_items s;
    s.attempt = 1;
    s.how = how;
    s.items = items;
    return s;
}

/// Results of an earlier program are there, and say nothing of how fast this one is.
TEST(call_progress, does_not_count_what_nobody_has_run_for_the_rate) {
    call_progress p(3, 100, 8, {}, 0);
    settled_items before = what(settlement::done, {0, 50});
    before.attempt = 0;
    p.settled(before, 0);
    p.settled(what(settlement::done, {50, 10}), 10);
    EXPECT_EQ(p.state(10).done, 60U);
    EXPECT_NEAR(p.state(10).rate, 1, 0.01);
    ASSERT_TRUE(p.state(10).left);
    EXPECT_NEAR(*p.state(10).left, 40, 0.5);
}

TEST(call_progress, counts_what_is_settled) {
    call_progress p(3, 100, 8, {}, 50);
    p.settled(what(settlement::done, {0, 30}), 51);
    p.settled(what(settlement::failed, {30, 1}), 51.5);
    p.settled(what(settlement::done, {31, 9}), 52);
    p.at_work(5);
    const progress_state s = p.state(54);
    EXPECT_EQ(s.call, 3U);
    EXPECT_EQ(s.done, 39U);
    EXPECT_EQ(s.failed, 1U);
    EXPECT_EQ(s.items, 100U);
    EXPECT_DOUBLE_EQ(s.seconds, 4);
    EXPECT_DOUBLE_EQ(s.rate, 10);
    ASSERT_TRUE(s.left);
    EXPECT_DOUBLE_EQ(*s.left, 6);
    EXPECT_EQ(s.at_work, 5U);
    EXPECT_EQ(s.ranks, 8U);
    EXPECT_FALSE(s.over);
}

/// Of a call that was stopped as many are left as will be run.
TEST(call_progress, what_will_not_be_run_is_not_waited_for) {
    call_progress p(1, 100, 2, {}, 0);
    p.settled(what(settlement::done, {0, 10}), 1);
    p.settled(what(settlement::not_run, {20, 80}), 1);
    EXPECT_EQ(p.state(1).items, 20U);
    p.over();
    const progress_state s = p.state(2);
    EXPECT_TRUE(s.over);
    EXPECT_FALSE(s.left);
}

TEST(call_progress, nobody_knows_when_an_endless_call_ends) {
    call_progress p(1, {}, 2, {}, 0);
    p.settled(what(settlement::done, {0, 10}), 1);
    EXPECT_FALSE(p.state(1).items);
    EXPECT_FALSE(p.state(1).left);
}

/// Items that cost more take longer: the first half of these is a tenth of the whole.
TEST(call_progress, the_time_left_goes_by_costs_where_there_are_any) {
    std::vector<double> costs(10, 1);
    for (std::size_t i = 5; i < 10; ++i)
        costs[i] = 9;
    call_progress p(1, 10, 2, costs, 0);
    EXPECT_FALSE(p.state(1).left);
    p.settled(what(settlement::done, {0, 5}), 5);
    ASSERT_TRUE(p.state(5).left);
    EXPECT_DOUBLE_EQ(*p.state(5).left, 45);
}

TEST(call_progress, several_calls_are_shown_as_one) {
    progress_state a;
    a.done = 10;
    a.items = 20;
    a.rate = 2;
    a.left = 5;
    a.at_work = 3;
    a.ranks = 4;
    progress_state b = a;
    b.failed = 1;
    b.left = 9;
    const progress_state both = together({a, b});
    EXPECT_EQ(both.calls, 2U);
    EXPECT_EQ(both.settled(), 21U);
    EXPECT_EQ(both.items, 40U);
    EXPECT_EQ(both.at_work, 4U);
    EXPECT_DOUBLE_EQ(*both.left, 9);
    b.items.reset();
    EXPECT_FALSE(together({a, b}).items);
    EXPECT_EQ(together({a}).calls, 1U);
}

} // namespace
