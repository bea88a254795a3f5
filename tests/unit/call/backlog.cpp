#include "call/backlog.hpp"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace {

using mpimap::detail::backlog;

struct sender {
    backlog all;
    std::vector<std::shared_ptr<int>> under_way;
    void send() {
        under_way.push_back(std::make_shared<int>());
        all.sent(under_way.back());
    }
    void take() { under_way.erase(under_way.begin()); }
};

TEST(backlog, two_may_be_under_way) {
    sender s;
    EXPECT_FALSE(s.all.is_to_shrink(false, 0));
    s.send();
    s.send();
    EXPECT_FALSE(s.all.is_to_shrink(false, 0));
    s.send();
    EXPECT_TRUE(s.all.is_to_shrink(false, 0));
    s.take();
    EXPECT_FALSE(s.all.is_to_shrink(true, 0.1e-3));
}

TEST(backlog, a_rank_waits_while_messages_move) {
    sender s;
    for (int i = 0; i < 3; ++i)
        s.send();
    for (int i = 0; i < 100; ++i)
        EXPECT_TRUE(s.all.is_to_shrink(true, 0.9e-3 * i));
    EXPECT_TRUE(s.all.is_to_shrink(false, 0.09));
    EXPECT_FALSE(s.all.is_to_shrink(false, 0.0902));
}

TEST(backlog, an_owner_that_takes_none_is_not_waited_for_again_before_it_does) {
    sender s;
    for (int i = 0; i < 3; ++i)
        s.send();
    EXPECT_TRUE(s.all.is_to_shrink(false, 5));
    EXPECT_TRUE(s.all.is_to_shrink(false, 5.0009));
    EXPECT_FALSE(s.all.is_to_shrink(false, 5.0011));
    s.send();
    EXPECT_FALSE(s.all.is_to_shrink(true, 5.1));
    s.take();
    EXPECT_TRUE(s.all.is_to_shrink(false, 5.2)); // three are left
    s.take();
    EXPECT_FALSE(s.all.is_to_shrink(false, 5.2));
}

/// Each wait has its own millisecond.
TEST(backlog, the_time_between_waits_does_not_count) {
    sender s;
    for (int i = 0; i < 3; ++i)
        s.send();
    EXPECT_TRUE(s.all.is_to_shrink(false, 0));
    s.take();
    EXPECT_FALSE(s.all.is_to_shrink(true, 0.5e-3));
    s.send();
    EXPECT_TRUE(s.all.is_to_shrink(false, 1));
}

} // namespace
