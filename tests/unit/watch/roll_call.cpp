#include "watch/roll_call.hpp"

#include <gtest/gtest.h>

namespace {

using mpimap::detail::roll_call;
using step = roll_call::step;

TEST(roll_call, the_root_asks_once_and_tells_of_those_that_do_not_answer) {
    roll_call r(60, 0, 4, 0);
    EXPECT_EQ(r.look(59), step::none);
    EXPECT_EQ(r.look(60), step::ask);
    EXPECT_EQ(r.look(60.4), step::none);
    r.answered(2);
    EXPECT_EQ(r.look(61), step::tell);
    EXPECT_EQ(r.text(61),
              "mpimap: rank 0 has waited for 1 min 1 s in a collective call on a communicator of 4 "
              "ranks, and waits on: ranks 1, 3 have not made it\n");
    EXPECT_EQ(r.look(600), step::none);
}

TEST(roll_call, one_is_missing) {
    roll_call r(1, 2, 3, 2);
    EXPECT_EQ(r.look(1), step::ask);
    r.answered(0);
    EXPECT_EQ(r.look(2), step::tell);
    EXPECT_EQ(r.text(2),
              "mpimap: rank 2 has waited for 2 s in a collective call on a communicator of 3 ranks, "
              "and waits on: rank 1 has not made it\n");
}

TEST(roll_call, nobody_is_missing_any_more) {
    roll_call r(1, 0, 2, 0);
    EXPECT_EQ(r.look(1), step::ask);
    r.answered(1);
    EXPECT_EQ(r.look(2), step::none);
    EXPECT_EQ(r.look(9), step::none);
}

TEST(roll_call, without_the_root_the_first_that_is_there_asks) {
    roll_call first(60, 1, 9, 0);
    roll_call second(60, 2, 9, 0);
    EXPECT_EQ(first.look(60), step::none);
    EXPECT_EQ(first.look(60.65), step::ask);
    EXPECT_EQ(second.look(60.65), step::none);
    second.asked();
    EXPECT_EQ(second.look(100), step::none);
    EXPECT_EQ(first.look(62.2), step::tell);
}

TEST(roll_call, patience_may_be_without_end) {
    roll_call r(0, 0, 2, 0);
    EXPECT_EQ(r.look(1e9), step::none);
}

} // namespace
