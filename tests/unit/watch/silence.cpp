#include "watch/silence.hpp"

#include <gtest/gtest.h>

#include <mpimap/errors.hpp>

namespace {

using namespace mpimap::detail;

TEST(silence, the_variable_says_how_long_it_may_be) {
    EXPECT_EQ(watchdog_of(nullptr).seconds, 0);
    EXPECT_EQ(watchdog_of("").seconds, 0);
    EXPECT_EQ(watchdog_of("0").seconds, 0);
    EXPECT_EQ(watchdog_of("60").seconds, 60);
    EXPECT_FALSE(watchdog_of("60").ends);
    EXPECT_EQ(watchdog_of("0.5,end").seconds, 0.5);
    EXPECT_TRUE(watchdog_of("0.5,end").ends);
    for (const char* wrong : {"soon", "-1", "60,", "60,stop", "60end", "nan", "inf", "1e999"})
        EXPECT_THROW((void)watchdog_of(wrong), mpimap::invalid_argument) << wrong;
}

/// Looks four times a second; when it is due, if ever.
double due(silence& s, double from, double to) {
    for (double now = from; now <= to; now += 0.25) {
        if (s.is_due(now))
            return now;
    }
    return 0;
}

TEST(silence, is_due_when_nothing_has_moved_for_long) {
    silence s(60, 0);
    EXPECT_EQ(due(s, 0, 600), 60);
    EXPECT_TRUE(s.is_due(600));
    EXPECT_EQ(s.since(), 0);
    s.moved(700);
    EXPECT_FALSE(s.is_due(700));
    EXPECT_EQ(due(s, 700, 900), 760);
    EXPECT_EQ(s.since(), 700);
}

TEST(silence, a_process_that_was_stopped_blames_nobody) {
    silence s(60, 0);
    EXPECT_EQ(due(s, 0, 30), 0);
    EXPECT_EQ(due(s, 1000, 1029), 0);
    EXPECT_EQ(due(s, 1029.25, 1031), 1029.5);
}

TEST(silence, of_many_ranks_some_are_named) {
    EXPECT_EQ(ranks_text({3}), "rank 3");
    EXPECT_EQ(ranks_text({1, 2, 5, 6, 7}), "ranks 1, 2, 5 to 7");
    std::vector<std::size_t> every_second;
    for (std::size_t rank = 0; rank < 100; rank += 2)
        every_second.push_back(rank);
    EXPECT_EQ(ranks_text(every_second),
              "ranks 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30 and 34 more");
}

TEST(silence, names_ranks_and_items) {
    standstill s;
    s.call = 2;
    s.seconds = 61.2;
    s.ran = 963;
    s.items = 1000;
    s.busy = {{0, {5, 1}, 0, 61}, {3, {117, 4}, 8, 125}};
    s.joining = {9};
    s.idle = {1, 2, 4, 5, 6, 8};
    EXPECT_EQ(standstill_text(s),
              "mpimap: call 2: nothing has been settled for 1 min 1 s, 963 of 1000 items have run\n"
              "  rank 3 has had items 117 to 120, and 8 more, for 2 min 5 s\n"
              "  rank 0 has had item 5 for 1 min 1 s\n"
              "  rank 9 has not read the call yet\n"
              "  ranks 1, 2, 4 to 6, 8 have none\n");
}

TEST(silence, of_many_ranks_the_longest) {
    standstill s;
    for (std::size_t rank = 0; rank < 100; ++rank)
        s.busy.push_back({rank, {rank, 1}, 0, static_cast<double>(rank)});
    const std::string text = standstill_text(s);
    EXPECT_NE(text.find("  rank 84 has had item 84 for 1 min 24 s\n  and 84 more\n"), std::string::npos)
        << text;
    EXPECT_EQ(text.find("rank 83 "), std::string::npos);
}

} // namespace
