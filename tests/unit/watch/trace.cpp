#include "watch/trace.hpp"

#include <clocale>
#include <cstdio>
#include <string>

#include <gtest/gtest.h>

namespace {

using namespace mpimap::detail;

std::string json(const trace& t) {
    std::string all;
    t.write([&all](std::string_view piece) { all += piece; });
    return all;
}
bool has(const trace& t, const std::string& text) {
    return json(t).find(text) != std::string::npos;
}

TEST(trace, has_lines_for_ranks_under_their_hosts) {
    trace t(100);
    const trace::track here = t.track_of(0, "rank 0", "node1");
    const trace::track there = t.track_of(7, "rank 7", "a \"node\"");
    EXPECT_EQ(t.track_of(7, "rank 7", "a \"node\""), there);
    t.begins(here, 5);
    t.did(here, activity::runs, 3, {17, 1}, 5.5);
    t.begins(there, 5.25);
    t.did(there, activity::waits, 3, {}, 6);
    EXPECT_TRUE(
        has(t, R"({"ph": "M", "name": "process_name", "pid": 1, "tid": 0, "args": {"name": "a \"node\""}})"));
    EXPECT_TRUE(
        has(t, R"({"ph": "M", "name": "thread_name", "pid": 1, "tid": 7, "args": {"name": "rank 7"}})"));
    EXPECT_TRUE(has(
        t,
        R"({"ph": "X", "name": "item 17", "cat": "run", "pid": 0, "tid": 0, "ts": 0.000, "dur": 500000.000, "args": {"call": 3, "first": 17, "count": 1}})"))
        << json(t);
    EXPECT_TRUE(has(
        t,
        R"({"ph": "X", "name": "wait", "cat": "wait", "pid": 1, "tid": 7, "ts": 250000.000, "dur": 750000.000, "args": {"call": 3}})"))
        << json(t);
}

TEST(trace, intervals_of_a_line_do_not_overlap) {
    trace t(100);
    const trace::track here = t.track_of(0, "rank 0", "node1");
    t.begins(here, 1);
    t.did(here, activity::runs, 1, {0, 1}, 2);
    t.did(here, activity::receives, 1, {1, 1}, 1.5); // while that ran
    t.begins(here, 1.7);
    t.did(here, activity::runs, 1, {1, 1}, 3);
    EXPECT_EQ(t.events(), 2);
    EXPECT_TRUE(has(t, R"("ts": 1000000.000, "dur": 1000000.000)")) << json(t);
}

/// A clock that is 100 s ahead, and messages that take up to a second.
TEST(trace, clocks_are_aligned_by_messages) {
    trace t(100);
    const trace::track here = t.track_of(0, "rank 0", "node1");
    const trace::track there = t.track_of(1, "rank 1", "node2");
    t.exchanged(there, 10, 110.5, 112, 13);
    EXPECT_NEAR(t.there(there, 10), 109.75, 1e-9);
    t.exchanged(there, 20, 120.125, 122, 22.125);
    EXPECT_NEAR(t.there(there, 20), 120, 1e-9);
    t.begins(here, 10);
    t.did(here, activity::runs, 1, {0, 1}, 11);
    t.begins(there, 111);
    t.did(there, activity::runs, 1, {1, 1}, 112);
    EXPECT_TRUE(has(t, R"("tid": 1, "ts": 1000000.000)")) << json(t);
}

TEST(trace, processes_of_a_host_have_one_clock) {
    trace t(100);
    (void)t.track_of(0, "rank 0", "node1");
    const trace::track there = t.track_of(1, "rank 1", "node1");
    t.exchanged(there, 10, 10.5, 12, 12.1);
    EXPECT_EQ(t.there(there, 10), 10);
    // Unless they have not: a container with a time of its own.
    t.exchanged(there, 20, 30, 31, 22);
    EXPECT_NE(t.there(there, 10), 10);
}

/// Of each group all is kept, or nothing.
TEST(trace, of_many_groups_every_second_and_fourth_one_is_kept) {
    trace t(1000);
    const trace::track here = t.track_of(0, "rank 0", "node1");
    t.begins(here, 0);
    EXPECT_TRUE(has(t, R"("shown": "all")"));
    for (std::size_t i = 0; i < 1750; ++i) {
        t.begin_group();
        t.did(here, activity::waits, 1, {}, static_cast<double>(i) + 0.5);
        t.did(here, activity::runs, 1, {i, 1}, static_cast<double>(i + 1));
        EXPECT_LE(t.events(), 1000);
    }
    EXPECT_TRUE(has(t, R"("shown": "one of 4")"));
    const std::string all = json(t);
    const auto count = [&all](const std::string& what) {
        std::size_t n = 0;
        for (std::size_t at = all.find(what); at != std::string::npos; at = all.find(what, at + 1))
            ++n;
        return n;
    };
    EXPECT_EQ(count(R"("cat": "wait")"), 437);
    EXPECT_EQ(count(R"("cat": "run")"), 437);
}

TEST(trace, numbers_are_those_of_json_whatever_the_locale) {
    const char* const german = std::setlocale(LC_ALL, "de_DE.UTF-8");
    trace t(10);
    const trace::track here = t.track_of(0, "rank 0", "node1");
    t.begins(here, 0);
    t.did(here, activity::runs, 1, {0, 0}, 1.5);
    EXPECT_TRUE(
        has(t, R"("name": "run", "cat": "run", "pid": 0, "tid": 0, "ts": 0.000, "dur": 1500000.000)"));
    std::setlocale(LC_ALL, "C");
    if (german == nullptr)
        std::puts("no German locale here: the usual one was tested");
}

} // namespace
