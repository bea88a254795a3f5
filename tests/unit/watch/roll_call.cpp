#include "watch/roll_call.hpp"

#include <gtest/gtest.h>

namespace {

using mpimap::detail::first_call_text;
using mpimap::detail::roll_call;
using step = roll_call::step;

TEST(roll_call, the_root_asks_once_and_tells_of_those_that_do_not_answer) {
    roll_call r({60, false}, 0, 4, 0);
    EXPECT_EQ(r.look(59), step::none);
    EXPECT_EQ(r.look(60), step::ask);
    EXPECT_EQ(r.look(64), step::none);
    r.answered(2);
    EXPECT_EQ(r.look(65), step::tell);
    EXPECT_EQ(r.text(65),
              "mpimap: rank 0 has waited for 1 min 5 s in a collective call on a communicator of 4 "
              "ranks, and waits on: ranks 1, 3 have not made it\n");
    EXPECT_EQ(r.look(600), step::none);
}

TEST(roll_call, one_is_missing) {
    roll_call r({1, false}, 2, 3, 2);
    EXPECT_EQ(r.look(1), step::ask);
    r.answered(0);
    EXPECT_EQ(r.look(2), step::tell);
    EXPECT_EQ(r.text(2),
              "mpimap: rank 2 has waited for 2 s in a collective call on a communicator of 3 ranks, "
              "and waits on: rank 1 has not made it\n");
}

TEST(roll_call, nobody_is_missing_any_more) {
    roll_call r({1, false}, 0, 2, 0);
    EXPECT_EQ(r.look(1), step::ask);
    r.answered(1);
    EXPECT_EQ(r.look(2), step::none);
    EXPECT_EQ(r.look(9), step::none);
}

TEST(roll_call, without_the_root_the_first_that_is_there_asks) {
    roll_call first({60, false}, 1, 9, 0);
    roll_call second({60, false}, 2, 9, 0);
    EXPECT_EQ(first.look(60), step::none);
    EXPECT_EQ(first.look(65.15), step::ask);
    EXPECT_EQ(second.look(65.15), step::none);
    second.asked(1);
    EXPECT_EQ(second.look(100), step::none);
    EXPECT_EQ(first.look(70.2), step::tell);
}

TEST(roll_call, of_two_that_ask_one_tells) {
    roll_call root({1, false}, 4, 9, 4);
    roll_call second({1, false}, 2, 9, 4);
    EXPECT_EQ(root.look(9), step::ask);
    EXPECT_EQ(second.look(9), step::ask);
    root.asked(2);
    second.asked(4);
    EXPECT_EQ(root.look(10), step::tell);
    EXPECT_EQ(second.look(10), step::none);
}

/// The variable may be set on one rank alone, mostly the root.
TEST(roll_call, who_is_to_end_the_job_leaves_that_to_no_other) {
    roll_call root({300, true}, 0, 3, 0);
    root.asked(1);
    EXPECT_EQ(root.look(300), step::ask);
    EXPECT_EQ(root.look(305), step::tell);
    EXPECT_TRUE(root.ends());
}

TEST(roll_call, patience_may_be_without_end) {
    roll_call r({0, false}, 0, 2, 0);
    EXPECT_EQ(r.look(1e9), step::none);
}

TEST(roll_call, in_the_first_call_nobody_can_be_asked) {
    EXPECT_EQ(
        first_call_text(10.1, 0, 4, true),
        "mpimap: rank 0 has waited for 10 s in the first call on a communicator of 4 ranks, and waits on: "
        "all of them must make the call, not the root alone\n");
    EXPECT_EQ(
        first_call_text(60, 3, 4, false),
        "mpimap: rank 3 has waited for 1 min in the first call on a communicator of 4 ranks, and waits on: "
        "all of them must make the call\n");
}

} // namespace
