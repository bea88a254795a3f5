// When what still runs is given up.

#include "ending/timeline.hpp"

#include <gtest/gtest.h>

namespace {

using mpimap::detail::timeline;

TEST(timeline, without_calls_there_is_nothing_to_be_given_up) {
    timeline t(100, 10);
    EXPECT_FALSE(t.gives_up_at());
    t.asked(5);
    EXPECT_FALSE(t.gives_up_at());
    const auto call = t.began(0, {});
    EXPECT_TRUE(t.gives_up_at());
    t.ended(call);
    EXPECT_FALSE(t.gives_up_at());
}

TEST(timeline, a_call_has_all_the_time_until_somebody_asks) {
    timeline t({}, 10);
    (void)t.began(0, {});
    EXPECT_FALSE(t.gives_up_at());
    t.asked(5);
    EXPECT_EQ(t.gives_up_at(), 15);
    t.asked(9); // again
    EXPECT_EQ(t.gives_up_at(), 15);
}

TEST(timeline, the_earliest_end_counts) {
    timeline t(100, 10);
    const auto call = t.began(0, {});
    EXPECT_EQ(t.gives_up_at(), 100);
    t.change(call, {.ends = 50});
    EXPECT_EQ(t.gives_up_at(), 50);
    (void)t.began(0, {.ends = 40});
    EXPECT_EQ(t.gives_up_at(), 40);
    t.asked(35);
    EXPECT_EQ(t.gives_up_at(), 40);
    t.set_end(38);
    EXPECT_EQ(t.gives_up_at(), 38);
}

TEST(timeline, margins_of_calls_come_before_that_of_the_process) {
    timeline t({}, 10);
    (void)t.began(0, {.margin = 2});
    t.asked(1);
    EXPECT_EQ(t.gives_up_at(), 3);
    (void)t.began(0, {.margin = 4}); // the longer one: items of both run
    EXPECT_EQ(t.gives_up_at(), 5);
    EXPECT_EQ(t.margin(), 4);
}

TEST(timeline, ranks_other_than_the_root_come_later) {
    timeline t(100, 10);
    (void)t.began(0, {.patience = 2});
    EXPECT_EQ(t.gives_up_at(), 102);
    t.asked(0);
    EXPECT_EQ(t.gives_up_at(), 12);
}

TEST(timeline, what_begins_too_late_has_a_second) {
    timeline t(100, 10);
    (void)t.began(200, {});
    EXPECT_EQ(t.gives_up_at(), 201);
    timeline of_call({}, 10);
    (void)of_call.began(200, {.ends = 150});
    EXPECT_EQ(of_call.gives_up_at(), 201);
}

} // namespace
