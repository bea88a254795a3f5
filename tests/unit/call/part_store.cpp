// Which rank has which function and constant, and what it is told.

#include "call/part_store.hpp"

#include <cstddef>
#include <memory>
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
constexpr std::size_t ranks = 3;

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
