// Which rank has which function and constant, and what it is told.

#include "call/part_store.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <mpimap/codec.hpp>

namespace {

using namespace mpimap::detail;

/// Keeps what is sent.
class outbox final : public transport {
  public:
    struct letter {
        int to;
        wire::message what;
        std::size_t bytes;
    };
    void send(int destination, const wire::message& what, outgoing&& content) override {
        all.push_back({destination, what, content.content().size()});
        content.clear();
    }
    void progress() override {}
    incoming* next() override { return nullptr; }
    void done() override {}
    [[nodiscard]] bool moved() const override { return false; }
    void keep_what_is_done(bool) override {}
    [[nodiscard]] bool sent() const override { return true; }
    [[nodiscard]] bool received() const override { return true; }
    [[nodiscard]] bool transferring() const override { return false; }
    [[nodiscard]] bool behind() const override { return false; }

    template <typename Message>
    [[nodiscard]] std::vector<int> receivers() const {
        std::vector<int> ranks;
        for (const letter& l : all) {
            if (std::holds_alternative<Message>(l.what))
                ranks.push_back(l.to);
        }
        return ranks;
    }
    std::vector<letter> all;
};

std::shared_ptr<const writer> encoded(int value, std::size_t bytes) {
    auto w = std::make_shared<writer>();
    write_value(*w, value);
    while (w->body().size() < bytes)
        write_value(*w, 'x');
    return w;
}
const int type_of_part = 0;
content key_of(const writer& w) {
    return content_of(w, &type_of_part);
}
const roster ranks(3, 0);

TEST(part_store, sends_a_part_to_a_rank_once) {
    outbox out;
    part_store store(out, ranks, 1000);
    const auto bytes = encoded(1, 10);
    const auto part = store.find_or_add(key_of(*bytes), bytes->size());
    store.send(*part, 1, bytes);
    store.send(*part, 1, bytes);
    store.send(*part, 2, bytes);
    EXPECT_EQ(out.receivers<wire::part>(), (std::vector<int>{1, 2}));
    EXPECT_EQ(out.all.front().bytes, bytes->size());
    EXPECT_EQ(std::get<wire::part>(out.all.front().what).number, part->number);
}

/// A large one, to all of `of` idle ranks.
std::vector<int> sent_directly(roster& of, const std::vector<std::size_t>& wanted_by, std::size_t others) {
    outbox out;
    part_store store(out, of, 1 << 20U);
    const auto bytes = encoded(1, 10'000);
    const auto part = store.find_or_add(key_of(*bytes), bytes->size());
    for (const std::size_t rank : wanted_by)
        store.send(*part, rank, bytes, others);
    // Whoever gets it from elsewhere, or sends it on, is told so, ahead of all.
    std::set<int> told;
    for (const outbox::letter& l : out.all) {
        if (std::holds_alternative<wire::relay>(l.what)) {
            EXPECT_TRUE(told.insert(l.to).second);
        }
    }
    for (const int rank : out.receivers<wire::part>())
        told.insert(rank);
    EXPECT_EQ(told.size(), static_cast<std::size_t>(std::count(part->at.begin(), part->at.end(), true)));
    return out.receivers<wire::part>();
}

TEST(part_store, sends_large_parts_down_a_tree) {
    roster many(64, 0);
    EXPECT_EQ(sent_directly(many, {9}, 100), (std::vector<int>{9, 33, 49, 57, 61, 63}));
    EXPECT_EQ(sent_directly(many, {9}, 0), (std::vector<int>{9})); // nobody else needs it
    EXPECT_EQ(sent_directly(many, {1}, 2), (std::vector<int>{1, 3}));
}

TEST(part_store, no_rank_waits_for_one_that_may_be_in_an_item) {
    roster few(4, 0);
    few.sent(1, call_number{1}, {0, 1});
    // Rank 1 runs something: it gets it, and passes nothing on.
    EXPECT_EQ(sent_directly(few, {1, 2, 3}, 100), (std::vector<int>{1, 2, 3}));
    few.forget(call_number{1}); // nobody will hear of its end
    EXPECT_FALSE(few.is_idle(1));
    few.sent(1, call_number{2}, {0, 1});
    (void)few.finished(1, call_number{2});
    EXPECT_TRUE(few.is_idle(1));
    EXPECT_EQ(sent_directly(few, {1, 2, 3}, 100), (std::vector<int>{1, 3}));
    few.left(3);
    EXPECT_FALSE(few.is_idle(3));
    EXPECT_FALSE(few.is_idle(0));
}

TEST(part_store, knows_parts_by_content_and_type) {
    outbox out;
    part_store store(out, ranks, 1000);
    const auto one = encoded(1, 10);
    const auto same = encoded(1, 10);
    const auto other = encoded(2, 10);
    const auto part = store.find_or_add(key_of(*one), one->size());
    EXPECT_EQ(store.find_or_add(key_of(*same), same->size()), part);
    EXPECT_NE(store.find_or_add(key_of(*other), other->size()), part);
    const int another_type = 0;
    EXPECT_NE(store.find_or_add(content_of(*one, &another_type), one->size()), part);
    EXPECT_NE(store.add(10), store.add(10)); // these have no content
    EXPECT_NE(part_store(out, ranks, 1).number(), store.number());
}

TEST(part_store, forgets_what_was_used_longest_ago) {
    outbox out;
    part_store store(out, ranks, 250);
    std::vector<std::shared_ptr<const writer>> values;
    for (int i = 0; i < 4; ++i)
        values.push_back(encoded(i, 100));
    std::vector<part_number> numbers;
    for (const auto& v : values) {
        const auto part = store.find_or_add(key_of(*v), v->size());
        store.send(*part, 1, v);
        numbers.push_back(part->number);
    }
    (void)store.find_or_add(key_of(*values[0]), 100); // used again
    store.tidy();
    std::vector<part_number> forgotten;
    for (const outbox::letter& l : out.all) {
        if (const auto* forget = std::get_if<wire::forget>(&l.what))
            forgotten.push_back(forget->number);
    }
    EXPECT_EQ(forgotten, (std::vector<part_number>{numbers[1], numbers[2]}));
    EXPECT_EQ(out.receivers<wire::forget>(), (std::vector<int>{1, 1})); // who has it
    // Sent anew when it is wanted again.
    const auto again = store.find_or_add(key_of(*values[1]), 100);
    EXPECT_NE(again->number, numbers[1]);
    store.send(*again, 1, values[1]);
    EXPECT_EQ(out.receivers<wire::part>().size(), 5U);
}

TEST(part_store, keeps_what_is_in_use) {
    outbox out;
    part_store store(out, ranks, 10);
    const auto v = encoded(1, 100);
    auto held = store.find_or_add(key_of(*v), v->size());
    store.send(*held, 2, v);
    store.tidy();
    EXPECT_TRUE(out.receivers<wire::forget>().empty());
    held.reset();
    store.tidy();
    EXPECT_EQ(out.receivers<wire::forget>(), (std::vector<int>{2}));
}

TEST(part_store, drops_what_a_rank_could_not_read) {
    outbox out;
    part_store store(out, ranks, 1000);
    const auto v = encoded(1, 100);
    const auto part = store.find_or_add(key_of(*v), v->size());
    store.send(*part, 1, v);
    store.send(*part, 2, v);
    store.drop(*part);
    EXPECT_EQ(out.receivers<wire::forget>(), (std::vector<int>{1, 2}));
    EXPECT_NE(store.find_or_add(key_of(*v), v->size()), part);
}

} // namespace
