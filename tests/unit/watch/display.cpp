#include "watch/display.hpp"

#include <string>

#include <gtest/gtest.h>

#include <mpimap/errors.hpp>

namespace {

using namespace mpimap::detail;

settled_items done(std::size_t first, std::size_t count) {
    settled_items s;
    s.attempt = 1;
    s.items = {first, count};
    return s;
}
std::size_t columns() {
    return 60;
}

TEST(display, the_variable_decides_before_the_option) {
    EXPECT_EQ(style_of_progress(nullptr, false, true), progress_style::none);
    EXPECT_EQ(style_of_progress("", false, true), progress_style::none);
    EXPECT_EQ(style_of_progress(nullptr, true, true), progress_style::bar);
    EXPECT_EQ(style_of_progress(nullptr, true, false), progress_style::lines);
    EXPECT_EQ(style_of_progress("0", true, true), progress_style::none);
    EXPECT_EQ(style_of_progress("1", false, true), progress_style::bar);
    EXPECT_EQ(style_of_progress("1", false, false), progress_style::lines);
    EXPECT_EQ(style_of_progress("bar", false, false), progress_style::bar);
    EXPECT_EQ(style_of_progress("lines", false, true), progress_style::lines);
    EXPECT_THROW((void)style_of_progress("yes", false, true), mpimap::invalid_argument);
}

TEST(display, a_short_call_says_nothing_in_a_log) {
    display d(progress_style::lines, columns);
    call_progress call(1, 100, 2, {}, 0);
    d.begin(call, 0);
    call.settled(done(0, 50), 1);
    EXPECT_EQ(d.look(1), "");
    call.settled(done(50, 50), 59);
    EXPECT_EQ(d.look(59), "");
    EXPECT_EQ(d.end(call, 59), "");
    EXPECT_EQ(d.end(call, 59), "");
}

TEST(display, a_long_one_says_how_it_goes_and_that_it_has_ended) {
    display d(progress_style::lines, columns);
    call_progress call(1, 100, 2, {}, 0);
    call_progress other(2, 100, 2, {}, 0);
    d.begin(call, 0);
    call.at_work(2);
    d.begin(other, 0);
    call.settled(done(0, 50), 100);
    EXPECT_EQ(d.look(100),
              "mpimap: call 1: 50 of 100 items (50 %), 0.5 items/s, 2 of 2 ranks at work, 1 min 40 s left\n");
    EXPECT_EQ(d.look(101), "");
    call.settled(done(50, 50), 110);
    EXPECT_EQ(d.end(call, 110), "mpimap: call 1: 100 of 100 items (100 %) in 1 min 50 s\n");
    EXPECT_EQ(d.end(other, 111), "");
}

TEST(display, there_is_no_bar_of_a_call_of_an_instant) {
    display d(progress_style::bar, columns);
    call_progress call(1, 100, 2, {}, 1000);
    d.begin(call, 1000);
    call.settled(done(0, 100), 1000.09);
    EXPECT_EQ(d.look(1000.09), "");
    EXPECT_EQ(d.end(call, 1000.3), "");
}

TEST(display, a_bar_stays_in_its_line_until_the_last_call_has_ended) {
    display d(progress_style::bar, columns);
    call_progress call(1, 100, 2, {}, 0);
    call_progress other(2, 300, 2, {}, 0);
    d.begin(call, 0);
    d.begin(other, 0);
    call.settled(done(0, 100), 1);
    const std::string text = d.look(1);
    EXPECT_EQ(text.size(), columns());
    EXPECT_EQ(text.front(), '\r');
    EXPECT_NE(text.find(" 100/400"), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_EQ(d.end(call, 1.1), "");
    other.settled(done(0, 300), 2);
    const std::string last = d.end(other, 2);
    EXPECT_NE(last.find(" 300/300"), std::string::npos) << last;
    EXPECT_EQ(last.back(), '\n');
    EXPECT_EQ(d.look(3), "");
}

} // namespace
