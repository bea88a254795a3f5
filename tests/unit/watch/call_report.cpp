#include "watch/call_report.hpp"

#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace {

using mpimap::report;
using namespace mpimap::detail;

settled_items settled(settlement how, item_range items, int rank, double seconds = 0) {
    settled_items s;
    s.attempt = 1;
    s.how = how;
    s.items = items;
    s.rank = rank;
    s.seconds = seconds;
    return s;
}

TEST(call_report, adds_up_what_it_is_told) {
    call_report r(3, 100);
    r.sent(1000);
    r.sent(24);
    r.received(10);
    r.ran(0, 5, 0.5);
    r.ran(2, 1, 2);
    r.ran(2, 1, 1);
    r.ran(7, 1, 1); // there is no such rank
    r.settled(settled(settlement::done, {0, 5}, 0, 0.5), 101);
    r.settled(settled(settlement::failed, {5, 1}, 2), 103);
    r.settled(settled(settlement::not_run, {6, 4}, settled_items::no_rank), 104);
    const report& all = r.so_far();
    EXPECT_EQ(all.seconds, 4);
    EXPECT_EQ(all.items, 5U);
    EXPECT_EQ(all.failures, 1U);
    EXPECT_EQ(all.attempts, 7U);
    EXPECT_EQ(all.bytes_sent, 1024U);
    EXPECT_EQ(all.bytes_received, 10U);
    ASSERT_EQ(all.ranks.size(), 3U);
    EXPECT_EQ(all.ranks[1].items, 0U);
    EXPECT_EQ(all.ranks[2].busy, 3);
    EXPECT_EQ(all.busy(), 3.5);
    EXPECT_DOUBLE_EQ(all.efficiency(), 3.5 / 12);
    EXPECT_EQ(report().efficiency(), 0);
}

TEST(call_report, knows_the_five_slowest) {
    call_report r(2, 0);
    for (std::size_t i = 0; i < 100; ++i)
        r.settled(
            settled(settlement::done, {i, 1}, static_cast<int>(i % 2), static_cast<double>((i * 37) % 100)),
            1);
    settled_items several = settled(settlement::done, {100, 10}, 1, 300);
    several.longest = {{104, 98.5}, {103, 1}};
    r.settled(several, 1);
    const auto& slowest = r.so_far().slowest;
    ASSERT_EQ(slowest.size(), 5U);
    const double seconds[] = {99, 98.5, 98, 97, 96};
    for (std::size_t k = 0; k < 5; ++k)
        EXPECT_EQ(slowest[k].seconds, seconds[k]);
    EXPECT_EQ(slowest[1].index, 104U);
    EXPECT_EQ(slowest[1].rank, 1);
}

TEST(call_report, is_printed_as_a_table) {
    report r;
    r.seconds = 2;
    r.items = 1;
    r.attempts = 3;
    r.failures = 1;
    r.bytes_sent = 1536;
    r.bytes_received = 7;
    r.ranks = {{1.5, 2}, {0.25, 1000}};
    r.slowest = {{117, 0.5, 1, "0.25, 300"}, {3, 1e-3, 0, ""}};
    std::ostringstream os;
    os << r;
    EXPECT_EQ(os.str(), "1 item in 2 s, 3 runs, 1 failed, efficiency 43.8 %, 1.5 KiB sent, 7 B received\n"
                        "  rank  items    busy\n"
                        "     0      2   1.5 s  75.0 %\n"
                        "     1   1000  250 ms  12.5 %\n"
                        "  slowest    time  rank  arguments\n"
                        "      117  500 ms     1  0.25, 300\n"
                        "        3    1 ms     0\n");
}

} // namespace
