#include "running/time_limit.hpp"

#include <gtest/gtest.h>

namespace {

using mpimap::detail::time_limit;

TEST(time_limit, an_item_that_runs_longer_is_noticed_within_a_second) {
    for (const double limit : {0.001, 0.1, 1.0, 7.5, 3600.0}) {
        for (const double began : {0.0, 0.3, 0.77}) { // of the time between looks
            time_limit t(limit);
            const double step = t.between_looks();
            double now = 1000;
            (void)t.is_exceeded(4, now);
            const double begin = now + began * step;
            bool exceeded = false;
            while (!exceeded) {
                now += step;
                exceeded = t.is_exceeded(5, now);
                ASSERT_LT(now - begin, limit + 1);
            }
            EXPECT_GT(now - begin, limit);
        }
    }
}

TEST(time_limit, items_have_each_their_own) {
    time_limit t(1);
    double now = 0;
    for (std::size_t item = 0; item < 1000; ++item) {
        for (int look = 0; look < 9; ++look) // .9 s of each
            EXPECT_FALSE(t.is_exceeded(item, now += 0.1));
    }
}

/// Looks come late where the machine is loaded, and not at all while a process is stopped.
TEST(time_limit, a_process_that_stands_still_is_no_item_that_runs) {
    time_limit t(2);
    EXPECT_FALSE(t.is_exceeded(0, 0));
    EXPECT_FALSE(t.is_exceeded(0, 1));
    EXPECT_FALSE(t.is_exceeded(0, 3600));
    EXPECT_FALSE(t.is_exceeded(0, 3600.4));
    EXPECT_FALSE(t.is_exceeded(0, 3600.8));
    EXPECT_TRUE(t.is_exceeded(0, 3601.3));
}

} // namespace
