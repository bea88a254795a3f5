// A call where its items are owned, told by hand what happens: no MPI, no clock, no job.

#include "call/owner.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "call/interruption.hpp"

namespace {

using namespace mpimap::detail;
using mpimap::options;
using mpimap::schedule;
using mpimap::task_error;

constexpr call_number number{7};
constexpr double second = 1;

/// One that owns `items` items on rank 0 of `ranks`, which all have read its set-up.
struct owned {
    roster ranks;
    item_fates fates;
    owner items;

    owned(std::size_t n, std::size_t of_ranks, const options& o = {}, const call_mode& kind = {},
          bool plain_arguments = true)
        : ranks(of_ranks, 0),
          items(plan(n, of_ranks, o, kind, plain_arguments), number, ranks, 0, true, fates) {
        for (std::size_t rank = 1; rank < of_ranks && !kind.pooled; ++rank)
            items.noticed(rank, wire::ready{number, false}, 0);
        (void)items.take_actions();
    }
    static call_plan plan(std::size_t n, std::size_t of_ranks, const options& o, const call_mode& kind,
                          bool plain_arguments = true) {
        call_plan p{kind, work_queue(o, n, of_ranks, 8, 1), o.retry_if, o.stop};
        p.items = n;
        p.plain_arguments = plain_arguments;
        p.attempts = o.attempts;
        p.seed = o.seed;
        p.stop_at_failure = !kind.tolerant && !kind.grows && o.on_error == mpimap::on_error::stop;
        return p;
    }

    /// The rank gets a chunk.
    item_range give(std::size_t rank) {
        EXPECT_EQ(items.asked_by(rank), owner::answer::chunk);
        const item_range chunk = items.next(rank);
        items.sent(rank, chunk, 8 * chunk.count);
        return chunk;
    }
    /// It answers for all of it: what came has been read, and is in place.
    void take(std::size_t rank, item_range chunk, std::size_t not_run = 0,
              wire::progress how = wire::progress::finished) {
        const wire::results r{number, {chunk.first, chunk.count - not_run}, how, not_run, second};
        items.noticed(rank, r, 8 * r.items.count);
        const std::vector<std::size_t> failed = items.failed_of_chunk(rank, true);
        items.results_in_place(rank, r.items, r, failed);
        items.results_read(r, r.items.count, failed, {});
        items.heeded(r, 8 * r.items.count);
        items.chunk_heeded(rank);
    }
    /// It tells of items that threw; results of their chunk follow.
    void fail(std::size_t rank, const std::vector<std::size_t>& which) {
        failures failed;
        for (const std::size_t item : which)
            failed.push_back(failure_of(item, rank));
        items.noticed(rank, wire::failed{number, failed.size()}, 100);
        items.failures_came(rank, std::move(failed));
        items.heeded(wire::failed{number, which.size()}, 100);
    }
    static mpimap::detail::failure failure_of(std::size_t item, std::size_t rank) {
        mpimap::detail::failure f;
        f.index = item;
        f.rank = static_cast<int>(rank);
        f.what = "no";
        return f;
    }
    /// Runs all that can be run here.
    void run_here() {
        while (items.has_own() || items.take_own()) {
            const item_range batch = items.begin_batch();
            items.ran(batch, batch.count, second, {});
        }
    }
};

TEST(owner, a_call_is_over_when_every_chunk_has_been_answered) {
    owned o(4, 2, {.schedule = schedule::dynamic, .chunk = 2});
    EXPECT_FALSE(o.items.finished());
    const item_range chunk = o.give(1);
    EXPECT_TRUE(o.items.has_chunks(1));
    o.run_here();
    EXPECT_FALSE(o.items.has_items());
    EXPECT_FALSE(o.items.at_rest());
    o.take(1, chunk);
    EXPECT_TRUE(o.items.finished());
    EXPECT_EQ(o.fates.done.size(), 4U);
    const ending how = o.items.end();
    EXPECT_TRUE(how.failed.empty());
    EXPECT_FALSE(how.abandoned || how.stopped);
}

TEST(owner, waits_for_ranks_that_have_not_read_the_set_up) {
    owned o(0, 1);
    EXPECT_TRUE(o.items.finished());
    roster ranks(2, 0);
    item_fates fates;
    owner late(owned::plan(1, 2, {}, {}), number, ranks, 0, true, fates);
    ASSERT_TRUE(late.take_own());
    const item_range batch = late.begin_batch();
    late.ran(batch, 1, second, {});
    EXPECT_TRUE(late.at_rest());
    EXPECT_FALSE(late.finished());
    late.noticed(1, wire::ready{number, true}, 0);
    late.cannot_join(1);
    late.abandon(owned::failure_of(task_error::no_item, 1));
    late.heeded(wire::ready{number, true}, 0);
    EXPECT_TRUE(late.finished());
    EXPECT_TRUE(late.end().abandoned);
}

TEST(owner, results_say_that_the_set_up_was_read) {
    roster ranks(3, 0);
    item_fates fates;
    owner items(owned::plan(4, 3, {.schedule = schedule::dynamic, .chunk = 2}, {}), number, ranks, 0, true,
                fates);
    for (const std::size_t rank : {1U, 2U}) {
        EXPECT_FALSE(items.finished());
        EXPECT_EQ(items.asked_by(rank), owner::answer::chunk);
        const item_range chunk = items.next(rank);
        items.sent(rank, chunk, 16);
        const wire::results r{number, chunk};
        items.noticed(rank, wire::results{number, {chunk.first, 1}}, 8);
        items.heeded(r, 8);
        EXPECT_EQ(ranks.joining(), 2 - rank);
        items.noticed(rank, wire::results{number, {chunk.first + 1, 1}, wire::progress::finished}, 8);
        items.heeded(r, 8);
    }
    EXPECT_TRUE(items.finished());
}

TEST(owner, the_first_failure_stops_what_has_not_begun) {
    owned o(10, 3, {.schedule = schedule::dynamic, .chunk = 2});
    const item_range first = o.give(1);
    const item_range other = o.give(2);
    o.fail(1, {first.first});
    EXPECT_EQ(o.items.on(), owner::course::failed);
    EXPECT_FALSE(o.items.has_items());
    const owner::actions todo = o.items.take_actions();
    EXPECT_TRUE(todo.stop_others && todo.look_here);
    o.take(1, {first.first, 2});
    o.take(2, other, 1, wire::progress::given_up);
    EXPECT_TRUE(o.items.finished());
    EXPECT_TRUE(o.fates.given_up.contains(other.first + 1));
    EXPECT_FALSE(o.fates.done.contains(first.first));
    EXPECT_TRUE(o.fates.done.contains(first.first + 1));
    const ending how = o.items.end();
    ASSERT_EQ(how.failed.size(), 1U);
    EXPECT_EQ(how.failed[0].index, first.first);
}

TEST(owner, collects_failures_in_order_where_all_items_run) {
    owned o(6, 3, {.schedule = schedule::dynamic, .chunk = 3, .on_error = mpimap::on_error::collect});
    const item_range a = o.give(1);
    const item_range b = o.give(2);
    o.fail(2, {b.first + 2, b.first});
    o.take(2, b);
    o.fail(1, {a.first + 1});
    o.take(1, a);
    EXPECT_EQ(o.items.on(), owner::course::runs);
    EXPECT_TRUE(o.items.finished());
    const failures failed = o.items.end().failed;
    ASSERT_EQ(failed.size(), 3U);
    EXPECT_LT(failed[0].index, failed[1].index);
    EXPECT_LT(failed[1].index, failed[2].index);
    EXPECT_EQ(o.fates.done.size(), 3U);
}

TEST(owner, what_is_given_back_goes_to_others_first) {
    owned o(8, 3, {.schedule = schedule::dynamic, .chunk = 4});
    const item_range chunk = o.give(1);
    const item_range rest{chunk.first + 1, 3};
    (void)o.items.take_actions();
    EXPECT_FALSE(o.items.take_back(1, rest, false));
    EXPECT_TRUE(o.items.take_actions().offer_items);
    EXPECT_TRUE(o.items.some_returned());
    EXPECT_EQ(o.items.asked_by(1), owner::answer::enough); // it is held up
    std::size_t again = 0;
    while (o.items.has_returned()) {
        const item_range part = o.give(2);
        EXPECT_GE(part.first, rest.first);
        EXPECT_LE(part.end(), rest.end());
        again += part.count;
        o.take(2, part);
    }
    EXPECT_EQ(again, rest.count);
    o.take(1, {chunk.first, 1});
    o.run_here();
    EXPECT_TRUE(o.items.finished());
    EXPECT_EQ(o.fates.done.size(), 8U);
}

TEST(owner, an_item_may_be_tried_again_elsewhere) {
    owned o(1, 3, {.schedule = schedule::dynamic, .chunk = 1, .attempts = 3, .seed = 42});
    item_range chunk = o.give(1);
    for (std::size_t rank = 1; rank < 3; ++rank) {
        o.fail(rank, {0});
        EXPECT_FALSE(o.items.has_undecided()); // what its chunk brings comes first
        o.take(rank, chunk);
        ASSERT_TRUE(o.items.has_undecided());
        for (mpimap::detail::failure& f : o.items.take_undecided()) {
            EXPECT_EQ(f.attempt, rank);
            EXPECT_EQ(f.attempts, 3U);
            EXPECT_TRUE(o.items.may_try_again(f));
            o.items.decide(std::move(f), true);
        }
        EXPECT_FALSE(o.items.finished());
        EXPECT_EQ(o.items.asked_by(rank), owner::answer::nothing); // it has failed there
        if (rank == 1)
            chunk = o.give(2);
    }
    ASSERT_TRUE(o.items.take_own());
    const item_range here = o.items.begin_batch();
    o.items.ran(here, 1, second, {owned::failure_of(0, 0)});
    for (mpimap::detail::failure& f : o.items.take_undecided()) {
        EXPECT_FALSE(o.items.may_try_again(f));
        o.items.decide(std::move(f), false);
    }
    EXPECT_TRUE(o.items.finished());
    const failures last = o.items.end().failed;
    ASSERT_EQ(last.size(), 1U);
    EXPECT_EQ(last[0].attempt, 3U);
    EXPECT_EQ(last[0].attempts, 3U);
    EXPECT_EQ(last[0].seed, std::optional<std::uint64_t>(42));
}

TEST(owner, an_argument_that_cannot_be_encoded_fails_alone) {
    owned o(5, 2, {.schedule = schedule::dynamic, .chunk = 5, .on_error = mpimap::on_error::collect});
    const item_range chunk = o.items.next(1);
    o.items.not_encoded(chunk, 2, {owned::failure_of(chunk.first + 2, 0)});
    o.run_here();
    EXPECT_TRUE(o.items.finished());
    EXPECT_EQ(o.items.end().failed.size(), 1U);
    EXPECT_EQ(o.fates.done.size(), 4U);
}

TEST(owner, behind_a_result_that_cannot_be_read_items_run_again) {
    owned o(4, 2, {.schedule = schedule::dynamic, .chunk = 4, .on_error = mpimap::on_error::collect});
    const item_range chunk = o.give(1);
    const wire::results r{number, chunk, wire::progress::finished, 0, second};
    o.items.noticed(1, r, 32);
    const std::vector<std::size_t> none = o.items.failed_of_chunk(1, true);
    o.items.results_in_place(1, {chunk.first, 1}, r, none);
    o.items.results_read(r, 1, none, {owned::failure_of(chunk.first + 1, 0)});
    o.items.heeded(r, 32);
    o.items.chunk_heeded(1);
    EXPECT_TRUE(o.items.has_items());
    o.run_here();
    EXPECT_TRUE(o.items.finished());
    EXPECT_EQ(o.fates.done.size(), 3U);
    EXPECT_EQ(o.items.end().failed.size(), 1U);
}

TEST(owner, a_cancelled_call_says_whether_anything_was_left_out) {
    owned all_ran(2, 1);
    all_ran.run_here();
    all_ran.items.cancel();
    EXPECT_FALSE(all_ran.items.cancelled());

    owned o(10, 2, {.schedule = schedule::dynamic, .chunk = 1});
    const item_range chunk = o.give(1);
    o.items.cancel();
    EXPECT_TRUE(o.items.cancelled());
    EXPECT_TRUE(o.items.take_actions().stop_others);
    EXPECT_FALSE(o.items.at_rest());
    o.take(1, chunk);
    EXPECT_TRUE(o.items.finished());
    EXPECT_TRUE(o.items.end().stopped);
}

TEST(owner, a_course_turns_for_the_worse_only) {
    owned o(3, 1);
    o.items.cancel();
    EXPECT_EQ(o.items.on(), owner::course::cancelled);
    o.items.abandon(owned::failure_of(task_error::no_item, 0));
    EXPECT_EQ(o.items.on(), owner::course::abandoned);
    o.items.cancel();
    EXPECT_EQ(o.items.on(), owner::course::abandoned);
}

TEST(owner, holds_back_what_it_has_no_room_for_the_results_of) {
    owned o(0, 3, {.schedule = schedule::dynamic, .chunk = 1},
            {.pooled = true, .grows = true, .caller_waits = false});
    constexpr std::size_t many = 6; // two for each rank
    o.items.add(10);
    o.items.has_untaken({many, 25});
    const item_range first = o.give(1);
    const item_range second_chunk = o.give(2);
    o.take(1, first); // of 8 bytes
    o.items.has_untaken({many, 17});
    const item_range third = o.give(1);
    // Two are out, and a third would be one too many; for the owner, too.
    EXPECT_EQ(o.items.asked_by(2), owner::answer::nothing);
    EXPECT_TRUE(o.items.hold_back_here());
    (void)o.items.take_actions();
    // What comes back goes out.
    EXPECT_FALSE(o.items.take_back(1, third, false));
    EXPECT_EQ(o.items.asked_by(2), owner::answer::chunk);
    EXPECT_EQ(o.items.next(2).first, third.first);
    o.items.sent(2, third, 8);
    EXPECT_EQ(o.items.asked_by(1), owner::answer::nothing);
    (void)o.items.take_actions();
    // Room is made: those that asked are told.
    o.items.has_untaken({many, 24});
    EXPECT_TRUE(o.items.take_actions().offer_items);
    EXPECT_EQ(o.items.asked_by(1), owner::answer::chunk);
    // Without any, none goes out, though nobody runs any: what the caller waits for has been handed out.
    o.items.has_untaken({many, -100});
    o.take(2, second_chunk);
    o.take(2, third);
    EXPECT_EQ(o.items.asked_by(1), owner::answer::nothing);
    EXPECT_TRUE(o.items.hold_back_here());
    EXPECT_EQ(o.items.next(work_queue::anyone).count, 0U);
}

TEST(owner, counts_items_of_its_own_where_it_looks_for_room) {
    owned o(0, 3, {.schedule = schedule::dynamic, .chunk = 2},
            {.pooled = true, .grows = true, .caller_waits = false});
    o.items.add(10);
    o.take(1, o.give(1)); // of 8 bytes each
    o.items.has_untaken({6, 20});
    ASSERT_TRUE(o.items.take_own());
    EXPECT_EQ(o.items.asked_by(1), owner::answer::nothing);
    const item_range batch = o.items.begin_batch(); // one of them runs, and one waits
    EXPECT_EQ(o.items.asked_by(1), owner::answer::nothing);
    o.items.ran(batch, batch.count, second, {});
    EXPECT_EQ(o.items.asked_by(1), owner::answer::chunk);
}

TEST(owner, hands_out_what_has_come_back_though_it_has_no_room) {
    owned o(0, 3, {.schedule = schedule::dynamic, .chunk = 1},
            {.pooled = true, .grows = true, .caller_waits = false}, false);
    o.items.add(10);
    o.take(1, o.give(1));
    const item_range out = o.give(1);
    const item_range ahead = o.items.next(work_queue::anyone);
    o.items.stocked(ahead, false);
    o.items.has_untaken({6, -100});
    // What was encoded ahead is held back like the rest, and made no more of.
    EXPECT_FALSE(o.items.stock_first(false));
    EXPECT_EQ(o.items.asked_by(2), owner::answer::nothing);
    EXPECT_EQ(o.items.may_stock(1).what, owner::stocking::advice::none);
    // It comes back: first to be encoded for whoever wants it, then from the stock.
    EXPECT_FALSE(o.items.take_back(1, out, false));
    EXPECT_EQ(o.items.asked_by(2), owner::answer::chunk);
    EXPECT_FALSE(o.items.stock_first(false));
    EXPECT_EQ(o.items.may_stock(1).what, owner::stocking::advice::encode);
    EXPECT_EQ(o.items.next(work_queue::anyone).first, out.first);
    EXPECT_EQ(o.items.next(work_queue::anyone).count, 0U);
    o.items.stocked(out, true);
    EXPECT_TRUE(o.items.stock_first(false));
    EXPECT_EQ(o.items.asked_by(2), owner::answer::chunk);
    EXPECT_FALSE(o.items.hold_back_here());
    EXPECT_FALSE(o.items.take_own());
    EXPECT_EQ(o.items.take_from_stock().first, out.first);
    EXPECT_EQ(o.items.asked_by(2), owner::answer::nothing);
    EXPECT_FALSE(o.items.stock_first(false));
    // An item of the owner's own may have been taken from behind what is in stock, and the caller come to
    // this.
    o.items.has_untaken({6, -100, ahead.first});
    EXPECT_TRUE(o.items.stock_first(false));
    EXPECT_EQ(o.items.asked_by(2), owner::answer::chunk);
}

TEST(owner, holds_back_nothing_while_few_results_have_come) {
    owned o(0, 3, {.schedule = schedule::dynamic, .chunk = 1},
            {.pooled = true, .grows = true, .caller_waits = false});
    o.items.add(20);
    o.items.has_untaken({0, -100});
    o.take(1, o.give(1)); // what a result takes is known
    const item_range out = o.give(2);
    o.items.has_untaken({5, -100});
    const item_range next = o.give(1);
    // What has come counts before it is in place, too: the owner may be in an item of its own.
    const wire::results r{number, next, wire::progress::finished, 0, second};
    o.items.noticed(1, r, 8);
    EXPECT_EQ(o.items.asked_by(1), owner::answer::nothing);
    o.items.heeded(r, 8);
    o.items.has_untaken({5, -100});
    EXPECT_EQ(o.items.asked_by(1), owner::answer::chunk);
    o.take(2, out);
}

TEST(owner, a_call_that_grows_rests_and_goes_on) {
    owned o(0, 2, {}, {.pooled = true, .grows = true, .caller_waits = false});
    EXPECT_TRUE(o.items.at_rest());
    o.items.add(2);
    EXPECT_TRUE(o.items.take_actions().offer_items);
    EXPECT_TRUE(o.items.withdraw(1));
    const item_range chunk = o.give(1);
    EXPECT_EQ(chunk.count, 1U);
    o.fail(1, {0});
    EXPECT_FALSE(o.items.has_failures()); // its results are on their way
    o.take(1, chunk);
    EXPECT_FALSE(o.items.at_rest());
    EXPECT_EQ(o.items.take_failures().size(), 1U);
    EXPECT_TRUE(o.items.at_rest());
    o.items.cancel();
    EXPECT_FALSE(o.items.cancelled());
    o.items.add(1);
    EXPECT_TRUE(o.items.cancelled());
}

TEST(owner, what_was_encoded_ahead_is_counted) {
    owned o(6, 3, {.schedule = schedule::dynamic, .chunk = 2});
    const item_range ahead = o.items.next(work_queue::anyone);
    o.items.stocked(ahead, false);
    EXPECT_TRUE(o.items.stock_first(false));
    EXPECT_EQ(o.items.take_from_stock().first, ahead.first);
    EXPECT_FALSE(o.items.stock_first(false));
    o.items.stocked(ahead, false);
    o.items.take_stock_back();
    o.run_here();
    EXPECT_EQ(o.fates.done.size(), 6U);
    EXPECT_TRUE(o.items.at_rest());
}

TEST(owner, results_of_a_chunk_whose_failures_are_lost_count_for_nothing) {
    owned o(4, 2, {.schedule = schedule::dynamic, .chunk = 2});
    const item_range chunk = o.give(1);
    o.items.noticed(1, wire::failed{number, 1}, 100);
    o.items.failures_lost(1, owned::failure_of(task_error::no_item, 0));
    o.items.heeded(wire::failed{number, 1}, 100);
    EXPECT_TRUE(o.items.has_lost_failures(1)); // so that they are not put in their places
    o.take(1, chunk);
    EXPECT_FALSE(o.items.has_lost_failures(1));
    EXPECT_EQ(o.fates.done.size(), 0U);
    EXPECT_TRUE(o.items.finished());
    EXPECT_TRUE(o.items.end().abandoned);
}

TEST(owner, a_failure_that_is_told_twice_has_the_item_run_again_once) {
    owned o(4, 2, {.schedule = schedule::dynamic, .chunk = 2, .attempts = 3});
    const item_range chunk = o.give(1);
    o.fail(1, {chunk.first, chunk.first});
    o.fail(1, {chunk.first});
    o.take(1, chunk);
    failures undecided = o.items.take_undecided();
    ASSERT_EQ(undecided.size(), 1U);
    o.items.decide(std::move(undecided.front()), true);
    o.run_here();
    EXPECT_TRUE(o.items.finished());
    EXPECT_EQ(o.fates.done.size(), 4U);
    EXPECT_FALSE(o.items.has_undecided());
}

TEST(owner, results_that_are_lost_are_those_of_items_that_had_some) {
    owned o(
        4, 2,
        {.schedule = schedule::dynamic, .chunk = 4, .on_error = mpimap::on_error::collect, .attempts = 2});
    const item_range chunk = o.give(1);
    o.fail(1, {chunk.first});
    const wire::results r{number, chunk, wire::progress::finished, 0, second};
    o.items.noticed(1, r, 32);
    o.items.results_bad(r, o.items.failed_of_chunk(1, true), owned::failure_of(0, 0));
    o.items.heeded(r, 32);
    o.items.chunk_heeded(1);
    for (mpimap::detail::failure& f : o.items.take_undecided())
        o.items.decide(std::move(f), true);
    o.run_here();
    EXPECT_TRUE(o.items.finished());
    EXPECT_EQ(o.fates.done.size(), 3U);
    EXPECT_EQ(o.items.end().failed.size(), 1U); // the second, whose result there was no memory for
}

TEST(owner, what_is_given_back_and_still_encoded_is_in_stock_as_it_is) {
    owned o(12, 3, {.schedule = schedule::dynamic, .chunk = 4});
    const item_range chunk = o.give(1);
    const item_range rest{chunk.first + 1, 3};
    (void)o.items.take_actions();
    EXPECT_TRUE(o.items.take_back(1, rest, true));
    EXPECT_TRUE(o.items.take_actions().offer_items);
    EXPECT_FALSE(o.items.has_returned()); // nothing is to be encoded
    EXPECT_EQ(o.items.asked_by(2), owner::answer::chunk);
    EXPECT_TRUE(o.items.stock_first(true)); // ahead of all others
    const item_range again = o.items.take_from_stock();
    EXPECT_EQ(again.first, rest.first);
    EXPECT_EQ(again.count, rest.count);
    o.items.sent(2, again, 0);
    // Not of a call that has been stopped.
    o.items.cancel();
    EXPECT_FALSE(o.items.take_back(2, again, true));
    EXPECT_FALSE(o.items.has_items());
}

TEST(owner, an_answer_without_a_chunk_changes_nothing) {
    owned o(2, 2, {.schedule = schedule::dynamic, .chunk = 1});
    const wire::results nothing{number, {0, 0}, wire::progress::finished, 5, 0};
    o.items.noticed(1, nothing, 0);
    o.items.heeded(nothing, 0);
    o.items.chunk_heeded(1);
    EXPECT_FALSE(o.items.take_back(1, {0, 1}, true));
    EXPECT_FALSE(o.items.some_returned());
    o.run_here();
    EXPECT_TRUE(o.items.finished());
    EXPECT_EQ(o.fates.done.size(), 2U);
}

// ---------------------------------------------------------------- the program is to end

TEST(owner, interrupted_it_hands_out_no_more_and_keeps_what_has_come) {
    owned o(10, 3, {.schedule = schedule::dynamic, .chunk = 2});
    const item_range first = o.give(1);
    const item_range second_chunk = o.give(2);
    o.items.interrupt(10);
    EXPECT_TRUE(o.items.take_actions().stop_others);
    EXPECT_EQ(o.items.asked_by(1), owner::answer::nothing);
    EXPECT_FALSE(o.items.finished());
    o.take(1, first);
    o.take(2, second_chunk, 1, wire::progress::given_up);
    EXPECT_TRUE(o.items.finished());
    const ending how = o.items.end();
    EXPECT_EQ(how.interrupted_by, 10);
    EXPECT_FALSE(how.stopped);
    EXPECT_EQ(o.fates.done.size(), 3U);
}

TEST(owner, interrupted_when_all_have_run_it_is_not) {
    owned o(2, 2, {.schedule = schedule::dynamic, .chunk = 2});
    o.take(1, o.give(1));
    o.items.interrupt(10);
    EXPECT_TRUE(o.items.finished());
    EXPECT_EQ(o.items.end().interrupted_by, 0);
}

TEST(owner, failures_are_kept_beside_an_interruption) {
    owned o(10, 2, {.schedule = schedule::dynamic, .chunk = 2, .on_error = mpimap::on_error::collect});
    const item_range chunk = o.give(1);
    o.fail(1, {chunk.first});
    o.items.interrupt(10);
    o.take(1, chunk);
    const ending how = o.items.end();
    EXPECT_EQ(how.interrupted_by, 10);
    EXPECT_EQ(how.failed.size(), 1U);
}

TEST(owner, a_failure_that_has_stopped_it_comes_before_an_interruption) {
    owned o(9, 3, {.schedule = schedule::dynamic, .chunk = 2});
    const item_range one = o.give(1);
    const item_range other = o.give(2);
    o.fail(1, {one.first});
    o.take(2, other, 1, wire::progress::given_up);
    o.items.interrupt(10);
    o.take(1, one);
    const ending how = o.items.end();
    EXPECT_EQ(how.interrupted_by, 0);
    EXPECT_EQ(how.failed.size(), 1U);
}

TEST(owner, an_attempt_that_is_cut_off_is_left) {
    owned o(1, 3, {.schedule = schedule::dynamic, .chunk = 1, .attempts = 2});
    const item_range chunk = o.give(1);
    o.items.interrupt(10); // there is nothing left to be handed out
    o.fail(1, {chunk.first});
    o.take(1, chunk);
    for (failure& f : o.items.take_undecided())
        o.items.decide(std::move(f), o.items.may_try_again(f));
    EXPECT_TRUE(o.items.finished());
    EXPECT_EQ(o.items.end().interrupted_by, 10);
}

TEST(owner, without_time_nothing_is_handed_out) {
    owned o(10, 2, {.schedule = schedule::dynamic, .chunk = 1});
    o.items.has_time_left(0);
    EXPECT_EQ(o.items.asked_by(1), owner::answer::nothing);
    EXPECT_EQ(o.items.end().interrupted_by, interruption::end_of_time);
}

TEST(owner, items_that_would_not_end_in_time_are_not_handed_out) {
    owned o(10, 2, {.schedule = schedule::dynamic, .chunk = 1});
    o.items.has_time_left(0.5); // nobody knows how long they take
    const item_range first = o.give(1);
    o.take(1, first); // a second
    o.items.has_time_left(1.5);
    const item_range next = o.give(1);
    o.items.has_time_left(0.5);
    EXPECT_EQ(o.items.asked_by(1), owner::answer::nothing);
    o.take(1, next); // it had begun
    const ending how = o.items.end();
    EXPECT_EQ(how.interrupted_by, interruption::end_of_time);
    EXPECT_EQ(o.fates.done.size(), 2U);
}

TEST(owner, by_their_costs_long_items_are_left_out_and_short_ones_run) {
    owned o(5, 2, {.chunk = 1, .costs = {1, 2, 3, 4, 10}});
    o.take(1, o.give(1)); // the longest: a tenth of a second for each unit
    o.items.has_time_left(0.25);
    EXPECT_FALSE(o.items.stopped());
    const item_range two = o.give(1);
    EXPECT_EQ(two.first, 1U); // those of 4 and 3 are not run
    o.take(1, two);
    const item_range one = o.give(1);
    EXPECT_EQ(one.first, 0U);
    o.take(1, one);
    EXPECT_TRUE(o.items.finished());
    const ending how = o.items.end();
    EXPECT_EQ(how.interrupted_by, interruption::end_of_time);
    EXPECT_EQ(o.fates.done.size(), 3U);
}

} // namespace
