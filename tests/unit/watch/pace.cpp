#include "watch/pace.hpp"

#include <gtest/gtest.h>

namespace {

using mpimap::detail::pace_of_bar;
using mpimap::detail::pace_of_lines;
using mpimap::detail::recent_rate;

constexpr double minute = 60;

TEST(pace, a_line_wants_a_tenth_more_and_a_minute) {
    pace_of_lines p(0);
    EXPECT_FALSE(p.is_due(30, 500, 1000));
    EXPECT_FALSE(p.has_spoken());
    EXPECT_FALSE(p.is_due(61, 99, 1000));
    EXPECT_TRUE(p.is_due(62, 100, 1000));
    EXPECT_TRUE(p.has_spoken());
    EXPECT_FALSE(p.is_due(100, 900, 1000));
    EXPECT_TRUE(p.is_due(122, 900, 1000));
}

TEST(pace, a_line_comes_every_half_hour_in_any_case) {
    pace_of_lines p(0);
    EXPECT_FALSE(p.is_due(29 * minute, 0, 1000));
    EXPECT_TRUE(p.is_due(30 * minute, 0, 1000));
    EXPECT_FALSE(p.is_due(59 * minute, 1, 1000));
    EXPECT_TRUE(p.is_due(60 * minute, 1, 1000));
}

/// Where nobody knows how many there are, it is a tenth of what there was.
TEST(pace, lines_of_an_endless_call_become_rare) {
    pace_of_lines p(0);
    EXPECT_TRUE(p.is_due(60, 1000, {}));
    EXPECT_FALSE(p.is_due(120, 1099, {}));
    EXPECT_TRUE(p.is_due(121, 1100, {}));
    int lines = 0;
    for (double t = 121; t < 24 * 60 * minute; t += 1)
        lines += p.is_due(t, static_cast<std::size_t>(t * 20), {}) ? 1 : 0;
    EXPECT_LT(lines, 24 * 2 + 40);
    EXPECT_GT(lines, 24 * 2 - 1);
}

TEST(pace, a_bar_moves_ten_times_a_second_at_most) {
    pace_of_bar p(0);
    int shown = 0;
    for (int ms = 0; ms <= 1000; ++ms) {
        shown += p.is_due(1e-3 * ms, static_cast<std::size_t>(ms)) ? 1 : 0;
        EXPECT_EQ(p.has_shown(), ms >= 100);
    }
    EXPECT_LE(shown, 10);
    EXPECT_GE(shown, 9);
    // Nothing moves: the clock does.
    EXPECT_TRUE(p.is_due(1.2, 1001));
    EXPECT_FALSE(p.is_due(2.1, 1001));
    EXPECT_TRUE(p.is_due(2.3, 1001));
}

TEST(pace, the_rate_is_that_of_the_last_minutes) {
    recent_rate r(10);
    EXPECT_EQ(r.per_second(10), 0);
    r.note(12, 20);
    EXPECT_DOUBLE_EQ(r.per_second(12), 10);
    for (int s = 3; s <= 600; ++s)
        r.note(10 + s, 10.0 * s);
    EXPECT_NEAR(r.per_second(610), 10, 0.1);
    // Slower from now on.
    for (int s = 601; s <= 900; ++s)
        r.note(10 + s, 6000 + (s - 600));
    EXPECT_NEAR(r.per_second(910), 1, 0.1);
    // Nothing comes any more.
    EXPECT_LT(r.per_second(1200), 0.6);
}

} // namespace
