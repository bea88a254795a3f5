#include "watch/progress_text.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

using mpimap::detail::progress_bar;
using mpimap::detail::progress_line;
using mpimap::detail::progress_state;
using mpimap::detail::rate_text;
using mpimap::detail::time_text;

progress_state some() {
    progress_state s;
    s.call = 2;
    s.done = 298;
    s.failed = 2;
    s.items = 1000;
    s.seconds = 6;
    s.rate = 51.2;
    s.left = 13.7;
    s.at_work = 7;
    s.ranks = 8;
    return s;
}

TEST(progress_text, times) {
    EXPECT_EQ(time_text(0), "0 s");
    EXPECT_EQ(time_text(-1), "0 s");
    EXPECT_EQ(time_text(13.7), "14 s");
    EXPECT_EQ(time_text(59.6), "1 min");
    EXPECT_EQ(time_text(130), "2 min 10 s");
    EXPECT_EQ(time_text(3600), "1 h");
    EXPECT_EQ(time_text(11100), "3 h 5 min");
    EXPECT_EQ(time_text(187200 + 59), "2 d 4 h");
}

TEST(progress_text, rates) {
    EXPECT_EQ(rate_text(0.05), "0.05");
    EXPECT_EQ(rate_text(51.2), "51.2");
    EXPECT_EQ(rate_text(1234), "1.23 k");
    EXPECT_EQ(rate_text(999.6), "1 k");
    EXPECT_EQ(rate_text(34e6), "34 M");
}

TEST(progress_text, a_line_for_a_log) {
    EXPECT_EQ(progress_line(some()),
              "mpimap: call 2: 300 of 1000 items (30 %), 2 failed, 51.2 items/s, 7 of 8 "
              "ranks at work, 14 s left");
    progress_state endless = some();
    endless.items.reset();
    endless.left.reset();
    endless.failed = 0;
    EXPECT_EQ(progress_line(endless), "mpimap: call 2: 298 items, 51.2 items/s, 7 of 8 ranks at work");
    progress_state several = some();
    several.calls = 3;
    several.rate = 0;
    several.left.reset();
    EXPECT_EQ(progress_line(several),
              "mpimap: 3 calls: 300 of 1000 items (30 %), 2 failed, 7 of 8 ranks at work");
    progress_state over = some();
    over.done = 998;
    over.over = true;
    over.seconds = 20.1;
    EXPECT_EQ(progress_line(over), "mpimap: call 2: 1000 of 1000 items (100 %) in 20 s, 2 failed");
}

/// All of it is not there before it is.
TEST(progress_text, per_cent_are_rounded_down) {
    progress_state s = some();
    s.failed = 0;
    s.done = 999'999;
    s.items = 1'000'000;
    EXPECT_NE(progress_line(s).find("(99 %)"), std::string::npos);
    s.done = static_cast<std::size_t>(-1) - 1;
    s.items = static_cast<std::size_t>(-1);
    EXPECT_NE(progress_line(s).find("(99 %)"), std::string::npos);
    s.items = 0;
    s.done = 0;
    EXPECT_NE(progress_line(s).find("(100 %)"), std::string::npos);
}

TEST(progress_text, a_bar_has_the_width_of_the_terminal) {
    for (std::size_t width = 20; width <= 250; ++width) {
        for (const bool known : {true, false}) {
            for (const bool over : {true, false}) {
                progress_state s = some();
                s.over = over;
                if (!known)
                    s.items.reset();
                const std::string bar = progress_bar(s, width);
                EXPECT_EQ(bar.size(), width);
                EXPECT_EQ(bar.find('\n'), std::string::npos);
                EXPECT_EQ(bar.find(known ? " 300/1000" : " 300") != std::string::npos, true) << bar;
            }
        }
    }
    EXPECT_EQ(progress_bar(some(), 3).size(), 20U);
}

TEST(progress_text, what_matters_most_is_there_where_the_terminal_is_narrow) {
    EXPECT_EQ(progress_bar(some(), 20), "[##.......] 300/1000");
    EXPECT_EQ(progress_bar(some(), 40), "[###.......] 300/1000 2 failed 14 s left");
    const std::string wide = progress_bar(some(), 200);
    for (const char* part : {" 300/1000", " 2 failed", " 51.2/s", " 7/8 ranks", " 14 s left"})
        EXPECT_NE(wide.find(part), std::string::npos) << part;
    EXPECT_EQ(wide.find('['), 0U);
    EXPECT_EQ(wide.find(']'), 41U);
}

} // namespace
