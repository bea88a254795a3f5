// Each item is settled once, whatever is said of it later.

#include "call/ledger.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace mpimap::detail;

/// All that it has told.
struct list {
    std::vector<settled_items> all;
    void hear(ledger& l) {
        for (settled_items& what : l.take_news())
            all.push_back(std::move(what));
        EXPECT_FALSE(l.has_news());
    }
};

void expect_is(const settled_items& what, std::size_t first, std::size_t count, settlement how) {
    EXPECT_EQ(what.items.first, first);
    EXPECT_EQ(what.items.count, count);
    EXPECT_EQ(what.how, how);
}

TEST(ledger, tells_of_results_and_failures) {
    list heard;
    index_set done;
    ledger l(call_number{4}, &done, true);
    l.done({0, 10}, 3, 0.5, 1);
    EXPECT_TRUE(l.failed(12, 2, 2));
    heard.hear(l);
    ASSERT_EQ(heard.all.size(), 2U);
    expect_is(heard.all[0], 0, 10, settlement::done);
    EXPECT_EQ(heard.all[0].call, call_number{4});
    EXPECT_EQ(heard.all[0].rank, 3);
    EXPECT_EQ(heard.all[0].seconds, 0.5);
    expect_is(heard.all[1], 12, 1, settlement::failed);
    EXPECT_EQ(heard.all[1].attempt, 2U);
    EXPECT_EQ(done.size(), 10U);
}

/// They were there before it.
TEST(ledger, tells_of_what_an_earlier_program_has_done) {
    list heard;
    index_set done;
    (void)done.add(2, 5);
    (void)done.add(7, 8);
    ledger l(call_number{1}, &done, true);
    l.tell_what_was_done();
    l.done({5, 2}, 0, 0, 1);
    l.over(9);
    heard.hear(l);
    ASSERT_EQ(heard.all.size(), 5U);
    expect_is(heard.all[0], 2, 3, settlement::done);
    EXPECT_EQ(heard.all[0].attempt, 0U);
    EXPECT_EQ(heard.all[0].rank, settled_items::no_rank);
    expect_is(heard.all[1], 7, 1, settlement::done);
    expect_is(heard.all[2], 5, 2, settlement::done);
    expect_is(heard.all[3], 0, 2, settlement::not_run);
    expect_is(heard.all[4], 8, 1, settlement::not_run);
}

TEST(ledger, the_first_word_counts) {
    list heard;
    index_set done;
    ledger l(call_number{1}, &done, true);
    EXPECT_TRUE(l.failed(3, 0, 1));
    EXPECT_FALSE(l.failed(3, 1, 1));
    l.done({0, 8}, 1, 8.0, 1); // all but the third, which has failed
    EXPECT_FALSE(l.failed(5, 0, 1));
    l.done({6, 4}, 1, 4.0, 1); // two of them again
    l.withdrawn(0);
    heard.hear(l);
    ASSERT_EQ(heard.all.size(), 4U);
    expect_is(heard.all[1], 0, 3, settlement::done);
    EXPECT_EQ(heard.all[1].seconds, 3.0);
    expect_is(heard.all[2], 4, 4, settlement::done);
    expect_is(heard.all[3], 8, 2, settlement::done);
    EXPECT_EQ(heard.all[3].seconds, 2.0);
    EXPECT_FALSE(done.contains(3));
    EXPECT_EQ(done.size(), 9U);
}

TEST(ledger, the_rest_was_not_run) {
    list heard;
    index_set done;
    ledger l(call_number{1}, &done, true);
    l.done({2, 3}, 0, 0, 1);
    EXPECT_TRUE(l.failed(6, 0, 1));
    l.over(9);
    l.over(9);
    heard.hear(l);
    ASSERT_EQ(heard.all.size(), 5U);
    expect_is(heard.all[2], 0, 2, settlement::not_run);
    expect_is(heard.all[3], 5, 1, settlement::not_run);
    expect_is(heard.all[4], 7, 2, settlement::not_run);
    EXPECT_EQ(heard.all[4].rank, settled_items::no_rank);
    EXPECT_EQ(done.size(), 3U); // is the job's: those with results
    done.cut(3);                // which it could not give to the caller
    l.over(9);
    heard.hear(l);
    EXPECT_EQ(heard.all.size(), 5U);
}

TEST(ledger, names_those_that_took_longest) {
    index_set done;
    ledger l(call_number{1}, &done, true);
    wire::longest_items longest;
    for (std::uint64_t item = 0; item < 8; ++item)
        longest.note(item, item == 3 ? 9.0 : static_cast<double>(item));
    ASSERT_EQ(longest.count, 5U);
    EXPECT_EQ(longest.all[0].item, 3U);
    EXPECT_EQ(longest.all[1].item, 7U);
    EXPECT_EQ(longest.all[4].item, 4U);
    EXPECT_TRUE(l.failed(7, 0, 1));
    l.done({0, 10}, 1, 40, 1, longest);
    l.done({10, 1}, 1, 5, 1, longest);
    list heard;
    heard.hear(l);
    ASSERT_EQ(heard.all.size(), 4U);
    ASSERT_EQ(heard.all[1].longest.size(), 4U); // of items 0 to 6
    EXPECT_EQ(heard.all[1].longest[0].item, 3U);
    EXPECT_EQ(heard.all[1].longest[0].seconds, 9.0);
    EXPECT_TRUE(heard.all[2].longest.empty());
    EXPECT_TRUE(heard.all[3].longest.empty()); // of one item its seconds are known
}

TEST(ledger, of_a_call_that_grows) {
    {
        list heard;
        ledger l(call_number{1}, nullptr, true);
        l.done({0, 1}, 0, 0, 1);
        l.withdrawn(1);
        l.withdrawn(1);
        EXPECT_FALSE(l.failed(1, 0, 1));
        heard.hear(l);
        ASSERT_EQ(heard.all.size(), 2U);
        expect_is(heard.all[1], 1, 1, settlement::not_run);
    }
    // Nobody watches: its job knows what has failed, and there is nothing to keep.
    ledger l(call_number{1}, nullptr, false);
    l.done({0, 1}, 0, 0, 1);
    EXPECT_TRUE(l.failed(0, 0, 1));
    EXPECT_TRUE(l.failed(0, 0, 1));
}

} // namespace
