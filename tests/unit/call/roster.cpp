// Who wants a chunk, who has which, who is held up, gone or lost.

#include "call/roster.hpp"

#include <cstddef>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace mpimap::detail;

constexpr call_number first_call{1};
constexpr call_number second_call{2};

bool is(const std::optional<item_range>& items, std::size_t first, std::size_t count) {
    return items && items->first == first && items->count == count;
}

TEST(roster, answers_in_the_order_of_asking) {
    roster r(4, 0);
    r.ask(0); // whose it is
    EXPECT_EQ(r.asking(), 0U);
    r.ask(2);
    r.ask(1);
    r.ask(2); // asks already
    ASSERT_EQ(r.asking(), 2U);
    EXPECT_EQ(r.first(), 2U);
    r.first_waits();
    EXPECT_EQ(r.first(), 1U);
    r.first_has_enough();
    EXPECT_EQ(r.first(), 2U);
    EXPECT_EQ(r.asking(), 1U);
    r.ask(1);
    EXPECT_EQ(r.asking(), 2U);
}

TEST(roster, waits_for_all_that_enter_a_call_by_themselves) {
    roster r(4, 0);
    EXPECT_EQ(r.joining(), 0U);
    r.expect_all();
    EXPECT_EQ(r.joining(), 3U);
    EXPECT_EQ(r.standing_of(1), roster::standing::joining);
    r.joined(1);
    r.joined(1); // once
    EXPECT_EQ(r.joining(), 2U);
    EXPECT_EQ(r.standing_of(1), roster::standing::serving);
    (void)r.lose(2);
    r.left(3);
    EXPECT_EQ(r.joining(), 0U);
}

TEST(roster, remembers_who_got_nothing) {
    roster r(4, 0);
    r.ask(1);
    r.ask(2);
    r.first_gets_nothing();
    EXPECT_EQ(r.asking(), 1U);
    EXPECT_TRUE(r.has_asked_in_vain(1));
    EXPECT_FALSE(r.has_asked_in_vain(2));
    r.there_is_more(false);
    EXPECT_EQ(r.asking(), 2U);
    EXPECT_FALSE(r.has_asked_in_vain(2));
    r.there_is_more(true); // there was nothing for those that ask
    EXPECT_TRUE(r.has_asked_in_vain(2));
    r.sent(2, first_call, {0, 1});
    EXPECT_FALSE(r.has_asked_in_vain(2));
}

TEST(roster, one_that_got_nothing_and_asked_again_asks_once) {
    roster r(3, 0);
    r.ask(1);
    r.first_gets_nothing();
    r.ask(1);
    r.there_is_more(false);
    EXPECT_EQ(r.asking(), 1U);
}

TEST(roster, chunks_of_a_call_end_in_order) {
    roster r(2, 0);
    r.sent(1, first_call, {0, 4});
    r.sent(1, second_call, {0, 2});
    r.sent(1, first_call, {4, 4});
    EXPECT_EQ(r.in_hand(1), 3U);
    EXPECT_EQ(r.asking(), 0U);
    EXPECT_TRUE(is(r.finished(1, second_call), 0, 2));
    EXPECT_EQ(r.asking(), 1U); // it may want another
    EXPECT_TRUE(is(r.finished(1, first_call), 0, 4));
    EXPECT_TRUE(is(r.finished(1, first_call), 4, 4));
    EXPECT_FALSE(r.finished(1, first_call));
    EXPECT_EQ(r.in_hand(1), 0U);
}

TEST(roster, what_waits_behind_a_long_item_comes_back) {
    roster r(2, 0);
    r.sent(1, first_call, {0, 10});
    r.sent(1, first_call, {10, 5});
    EXPECT_EQ(r.standing_of(1), roster::standing::serving);
    EXPECT_EQ(r.returned(1, first_call, {3, 7}), roster::giving::a_part);
    EXPECT_EQ(r.standing_of(1), roster::standing::held_up);
    EXPECT_EQ(r.returned(1, first_call, {10, 5}), roster::giving::all);
    EXPECT_EQ(r.asking(), 0U); // it has the long one
    EXPECT_EQ(r.returned(1, first_call, {10, 5}), roster::giving::nothing);
    EXPECT_EQ(r.returned(1, second_call, {0, 3}), roster::giving::nothing);
    EXPECT_EQ(r.returned(1, first_call, {1, 1}), roster::giving::nothing); // not an end
    EXPECT_TRUE(is(r.finished(1, first_call), 0, 3));
    EXPECT_EQ(r.standing_of(1), roster::standing::serving);

    // The long one is of a call that nobody speaks of any more.
    r.first_has_enough();
    r.sent(1, second_call, {0, 1});
    EXPECT_EQ(r.returned(1, second_call, {0, 1}), roster::giving::all);
    EXPECT_EQ(r.asking(), 1U);
}

TEST(roster, forgets_a_call) {
    roster r(3, 0);
    r.sent(1, first_call, {0, 1});
    r.sent(1, second_call, {0, 2});
    r.sent(2, first_call, {1, 1});
    r.sent(1, first_call, {2, 1});
    r.forget(first_call);
    EXPECT_EQ(r.in_hand(1), 1U);
    EXPECT_EQ(r.in_hand(2), 0U);
    EXPECT_TRUE(is(r.finished(1, second_call), 0, 2));
}

TEST(roster, what_a_lost_rank_had) {
    roster r(3, 0);
    r.ask(2);
    r.ask(1);
    r.sent(1, first_call, {0, 3});
    r.sent(1, second_call, {7, 1});
    EXPECT_EQ(r.returned(1, first_call, {2, 1}), roster::giving::a_part);
    const std::vector<roster::chunk> had = r.lose(1);
    ASSERT_EQ(had.size(), 2U);
    EXPECT_EQ(had[0].call, first_call);
    EXPECT_EQ(had[0].items.first, 0U);
    EXPECT_EQ(had[0].items.count, 2U);
    EXPECT_EQ(had[1].call, second_call);
    EXPECT_EQ(r.standing_of(1), roster::standing::lost);
    EXPECT_EQ(r.in_hand(1), 0U);
    EXPECT_EQ(r.asking(), 1U);
    EXPECT_EQ(r.first(), 2U);
    r.ask(1);
    EXPECT_EQ(r.asking(), 1U);
    EXPECT_TRUE(r.lose(1).empty());
    EXPECT_EQ(r.departed(), 1U); // nobody waits for its farewell
    r.left(1);
    EXPECT_EQ(r.departed(), 1U);
    EXPECT_EQ(r.standing_of(1), roster::standing::lost);
}

TEST(roster, who_surely_runs_nothing) {
    roster r(3, 0);
    EXPECT_FALSE(r.is_idle(0));
    EXPECT_TRUE(r.is_idle(1));
    r.sent(1, first_call, {0, 3});
    EXPECT_FALSE(r.is_idle(1));
    (void)r.finished(1, first_call);
    EXPECT_TRUE(r.is_idle(1));
    // What it has given back waits behind something.
    r.sent(1, first_call, {0, 3});
    EXPECT_EQ(r.returned(1, first_call, {0, 3}), roster::giving::all);
    r.forget(first_call);
    EXPECT_FALSE(r.is_idle(1));
    r.sent(1, second_call, {0, 1});
    (void)r.finished(1, second_call);
    EXPECT_TRUE(r.is_idle(1));
}

TEST(roster, ranks_leave_once) {
    roster r(3, 0);
    r.left(1);
    r.left(1);
    EXPECT_EQ(r.departed(), 1U);
    EXPECT_EQ(r.standing_of(1), roster::standing::left);
    r.left(2);
    EXPECT_EQ(r.departed(), 2U);
}

} // namespace
