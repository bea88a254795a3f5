// What a rank runs for the owner of calls, told by hand what happens.

#include "call/runner.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace mpimap::detail;

constexpr call_number number{7};

/// A runner that has entered one call.
struct running {
    runner here;
    explicit running(bool stop_at_failure = true) { here.opens(number, stop_at_failure); }

    /// A chunk comes, and is read as far as `readable`.
    void comes(item_range items, wire::return_policy returning = wire::return_policy::may_return,
               std::optional<std::size_t> readable = {}) {
        here.noticed(wire::chunk{number, items, returning});
        const bool will_run = here.next_will_run();
        failures failed;
        if (readable)
            failed.push_back(failure_of(items.first + *readable));
        if (will_run)
            here.read(nullptr, readable.value_or(items.count), failed);
        here.arrived(0);
    }
    static mpimap::detail::failure failure_of(std::size_t item) {
        mpimap::detail::failure f;
        f.index = item;
        return f;
    }
    /// Runs all batches of the chunk; gives how it is answered.
    runner::answer runs() {
        EXPECT_NE(here.begin_chunk(), nullptr);
        while (const auto b = here.next_batch())
            here.ran(*b, b->to, 1e-6, false);
        return here.end_chunk();
    }
};

TEST(runner, runs_chunks_in_order) {
    running r;
    r.comes({0, 3});
    r.comes({10, 2});
    EXPECT_FALSE(r.here.may_read()); // two are enough
    const runner::answer first = r.runs();
    EXPECT_TRUE(first.is_heard);
    EXPECT_EQ(first.of.what.items.first, 0U);
    EXPECT_EQ(first.done, 3U);
    EXPECT_EQ(first.not_run, 0U);
    EXPECT_EQ(first.how, wire::progress::finished);
    EXPECT_TRUE(r.here.may_read());
    EXPECT_EQ(r.runs().of.what.items.first, 10U);
    EXPECT_FALSE(r.here.has_work());
}

TEST(runner, batches_grow_while_items_are_short) {
    running r;
    r.comes({0, 100});
    ASSERT_NE(r.here.begin_chunk(), nullptr);
    std::size_t last = 0;
    std::size_t batches = 0;
    while (const auto b = r.here.next_batch()) {
        EXPECT_EQ(b->from, last);
        last = b->to;
        ++batches;
        r.here.ran(*b, b->to, 1e-7, false);
    }
    EXPECT_EQ(last, 100U);
    EXPECT_LT(batches, 20U);
}

TEST(runner, stops_between_batches) {
    running r;
    r.comes({0, 5});
    ASSERT_NE(r.here.begin_chunk(), nullptr);
    const auto b = r.here.next_batch();
    ASSERT_TRUE(b);
    r.here.ran(*b, b->to, 1, false);
    r.here.noticed(wire::stop{number});
    EXPECT_FALSE(r.here.next_batch());
    const runner::answer a = r.here.end_chunk();
    EXPECT_EQ(a.done, 1U);
    EXPECT_EQ(a.not_run, 4U);
    EXPECT_EQ(a.how, wire::progress::given_up);
}

TEST(runner, a_stop_that_overtakes_its_call_is_heeded_when_it_is_read) {
    runner r;
    r.noticed(wire::stop{number});
    r.opens(number, true);
    r.stop(number);
    r.noticed(wire::chunk{number, {0, 2}, wire::return_policy::never});
    r.read(nullptr, 2, {});
    r.arrived(0);
    ASSERT_NE(r.begin_chunk(), nullptr);
    EXPECT_FALSE(r.runs());
    EXPECT_FALSE(r.next_batch());
    EXPECT_EQ(r.end_chunk().not_run, 2U);
}

TEST(runner, gives_up_behind_an_item_that_throws_if_it_is_to) {
    for (const bool stop : {true, false}) {
        running r(stop);
        r.comes({0, 4});
        runner::work* const w = r.here.begin_chunk();
        ASSERT_NE(w, nullptr);
        const auto b = r.here.next_batch();
        ASSERT_TRUE(b);
        EXPECT_EQ(b->stop_at_failure, stop);
        w->failed.push_back(running::failure_of(0));
        r.here.ran(*b, b->to, 1, true);
        EXPECT_EQ(r.here.next_batch().has_value(), !stop);
        (void)r.here.end_chunk();
    }
}

TEST(runner, an_argument_that_cannot_be_read_ends_the_chunk_and_is_no_item_left) {
    running r;
    r.comes({10, 5}, wire::return_policy::may_return, 2);
    const runner::answer a = r.runs();
    EXPECT_EQ(a.done, 2U);
    EXPECT_EQ(a.not_run, 2U); // 13 and 14: 12 has failed
    EXPECT_EQ(a.how, wire::progress::finished);
    ASSERT_EQ(a.of.failed.size(), 1U);
}

TEST(runner, runs_nothing_of_a_call_that_it_cannot_serve) {
    running r;
    r.here.cannot_serve(number);
    r.comes({0, 3});
    const runner::answer a = r.runs();
    EXPECT_EQ(a.done, 0U);
    EXPECT_EQ(a.not_run, 3U);
    EXPECT_EQ(a.how, wire::progress::given_up);
}

TEST(runner, gives_back_what_waits_behind_a_long_item) {
    running r;
    r.comes({0, 4});
    r.comes({4, 4});
    r.comes({8, 4}, wire::return_policy::never);
    r.here.noticed(wire::chunk{number, {12, 4}, wire::return_policy::may_return}); // on its way
    ASSERT_NE(r.here.begin_chunk(), nullptr);
    const auto b = r.here.next_batch();
    ASSERT_TRUE(b);
    const std::vector<wire::returned> back = r.here.give_back();
    ASSERT_EQ(back.size(), 3U);
    EXPECT_EQ(back[0].items.first, b->to);
    EXPECT_EQ(back[0].items.end(), 4U);
    EXPECT_EQ(back[1].items.first, 4U);
    EXPECT_EQ(back[2].items.first, 12U);
    EXPECT_TRUE(r.here.give_back().empty()); // once
    EXPECT_TRUE(r.here.next_is_returned());
    EXPECT_FALSE(r.here.next_will_run());
    r.here.ran(*b, b->to, 1, false);
    EXPECT_FALSE(r.here.next_batch());
    const runner::answer a = r.here.end_chunk();
    EXPECT_EQ(a.done, b->to);
    EXPECT_EQ(a.not_run, 0U);
    EXPECT_EQ(r.here.begin_chunk(), nullptr); // went back
    EXPECT_EQ(r.runs().done, 4U);             // promised to this rank
    r.here.arrived(0);
    EXPECT_FALSE(r.here.has_work());
}

TEST(runner, a_call_is_not_forgotten_from_under_its_items) {
    running r;
    r.comes({0, 4});
    ASSERT_NE(r.here.begin_chunk(), nullptr);
    EXPECT_TRUE(r.here.next_batch());
    EXPECT_FALSE(r.here.release(number));
    EXPECT_TRUE(r.here.knows(number));
    EXPECT_FALSE(r.here.next_batch());
    EXPECT_FALSE(r.here.end_chunk().is_heard);
    EXPECT_FALSE(r.here.knows(number));
    r.comes({4, 4}); // of a call that is over
    EXPECT_FALSE(r.here.has_work());
}

TEST(runner, tells_how_long_it_waited_if_it_had_nothing_else_to_do) {
    running r;
    r.here.looks();
    r.here.answered(10);
    r.here.noticed(wire::chunk{number, {0, 1}, wire::return_policy::may_return});
    r.here.read(nullptr, 1, {});
    r.here.arrived(10.5);
    EXPECT_DOUBLE_EQ(r.runs().of.waited, 0.5);
    r.here.answered(11);
    r.here.noticed(wire::chunk{number, {1, 1}, wire::return_policy::may_return_and_was_late});
    r.here.read(nullptr, 1, {});
    r.here.arrived(12); // there was nothing to send
    EXPECT_DOUBLE_EQ(r.runs().of.waited, 0);
}

TEST(runner, leaves_behind_its_last_chunk) {
    running r;
    r.comes({0, 1});
    r.here.noticed(wire::farewell{false});
    EXPECT_FALSE(r.here.says_farewell());
    EXPECT_EQ(r.runs().done, 1U);
    EXPECT_TRUE(r.here.says_farewell());
    EXPECT_FALSE(r.here.ended());
    r.here.said_farewell();
    EXPECT_TRUE(r.here.ended());
    EXPECT_FALSE(r.here.says_farewell());
}

TEST(runner, leaves_at_once_where_nobody_waits_for_results) {
    running r;
    r.comes({0, 2});
    ASSERT_NE(r.here.begin_chunk(), nullptr);
    const auto b = r.here.next_batch();
    ASSERT_TRUE(b);
    r.here.noticed(wire::farewell{true});
    r.here.ran(*b, b->to, 1, false);
    EXPECT_FALSE(r.here.next_batch());
    EXPECT_EQ(r.here.end_chunk().done, 0U);
    EXPECT_TRUE(r.here.ended() && r.here.at_once());
}

} // namespace
