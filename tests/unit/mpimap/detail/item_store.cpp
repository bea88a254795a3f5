// Where calls that grow keep their items: what is there, in which state, and what has gone.

#include <mpimap/detail/item_store.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

using namespace mpimap::detail;

namespace {

struct counted {
    explicit counted(int x) : value(x) { ++live; }
    counted(const counted& other) : value(other.value) { ++live; }
    counted(counted&& other) noexcept : value(other.value) { ++live; }
    counted& operator=(const counted&) = delete;
    ~counted() { --live; }
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& value;
    }
    int value;
    static inline int live = 0;
};

using store = item_store<counted, items_of<counted>>;

void add(store& s, std::size_t n) {
    for (std::size_t k = 0; k < n; ++k) {
        const store::run r = s.room(1);
        ::new (static_cast<void*>(r.in->argument<0>(r.at))) counted(static_cast<int>(s.end()));
        s.fill(1);
    }
}
void finish(store& s, std::size_t i) {
    const store::run r = s.run_at(i, 1);
    ::new (static_cast<void*>(r.in->result(r.at))) counted(-static_cast<int>(i));
    s.finish(*r.in, i);
}

TEST(item_store, destroys_arguments_when_results_come_and_results_when_they_are_taken) {
    {
        store s;
        add(s, 1000);
        EXPECT_EQ(counted::live, 1000);
        EXPECT_EQ(s.waiting(), 1000U);
        for (const std::size_t i : {999U, 0U, 500U})
            finish(s, i);
        EXPECT_EQ(counted::live, 1000); // a result in the place of an argument each
        EXPECT_EQ(s.waiting(), 997U);
        EXPECT_EQ(s.state(500), item_state::done);
        EXPECT_EQ(s.take(500).value, -500);
        EXPECT_EQ(counted::live, 999);
        EXPECT_EQ(s.state(500), item_state::taken);
        EXPECT_EQ(s.state(501), item_state::waiting);
        EXPECT_EQ(s.state(1000), item_state::waiting); // still to come
    }
    EXPECT_EQ(counted::live, 0);
}

TEST(item_store, knows_the_first_item_that_has_not_been_taken) {
    store s;
    EXPECT_EQ(s.first_there(), 0U);
    add(s, 3 * store::length);
    const auto take = [&s](std::size_t i) {
        finish(s, i);
        (void)s.take(i);
    };
    take(1);
    EXPECT_EQ(s.first_there(), 0U);
    finish(s, 0);
    EXPECT_EQ(s.first_there(), 0U);
    (void)s.take(0);
    EXPECT_EQ(s.first_there(), 2U);
    for (std::size_t i = 2; i < 2 * store::length; ++i)
        take(i);
    add(s, 1); // the block that was taken whole has gone
    EXPECT_EQ(s.first_there(), 2 * store::length);
    for (std::size_t i = 2 * store::length; i < s.end(); ++i)
        take(i);
    EXPECT_EQ(s.first_there(), s.end());
}

TEST(item_store, frees_blocks_wherever_they_are) {
    store s;
    add(s, 10 * store::length);
    const std::weak_ptr<store::block> middle = s.share(5 * store::length);
    for (std::size_t i = 5 * store::length; i < 6 * store::length; ++i) {
        finish(s, i);
        (void)s.take(i);
    }
    EXPECT_EQ(s.share(5 * store::length), nullptr);
    EXPECT_NE(s.share(4 * store::length), nullptr);
    EXPECT_EQ(s.state(5 * store::length + 3), item_state::taken);
    EXPECT_EQ(s.run_at(5 * store::length, 8).in, nullptr);
    EXPECT_EQ(s.state(0), item_state::waiting);
    add(s, 1); // into the memory of the one that has gone
    EXPECT_EQ(s.state(10 * store::length), item_state::waiting);
}

TEST(item_store, items_that_nobody_wants_are_gone_with_their_results) {
    {
        store s;
        add(s, 10);
        finish(s, 1);
        s.drop(1);
        s.drop(2);
        EXPECT_EQ(s.state(1), item_state::taken);
        EXPECT_EQ(s.state(2), item_state::waiting_unwanted);
        EXPECT_EQ(counted::live, 9);
        finish(s, 2);
        EXPECT_EQ(s.state(2), item_state::taken);
        EXPECT_EQ(counted::live, 8);
        EXPECT_TRUE(s.fail(3, true));
        EXPECT_EQ(s.state(3), item_state::failed);
        EXPECT_FALSE(s.fail(3, true)); // once
        EXPECT_FALSE(s.fail(1, true)); // nor behind a result
        EXPECT_FALSE(s.fail(4, false));
        EXPECT_EQ(s.state(4), item_state::taken);
        EXPECT_EQ(counted::live, 6);
    }
    EXPECT_EQ(counted::live, 0);
}

TEST(item_store, tells_the_order_in_runs) {
    store s;
    s.keep_order();
    add(s, 2 * store::length);
    for (const std::size_t i : {5U, 6U, 7U, 2U, 3U, 9U})
        finish(s, i);
    ASSERT_EQ(s.order().size(), 3U);
    EXPECT_EQ(s.order()[0].first, 5U);
    EXPECT_EQ(s.order()[0].count, 3U);
    EXPECT_EQ(s.order()[1].first, 2U);
    EXPECT_EQ(s.order()[1].count, 2U);
    EXPECT_EQ(s.order()[2].first, 9U);
}

TEST(item_store, arguments_stay_while_a_message_is_leaving) {
    std::shared_ptr<store::block> kept;
    {
        store s;
        add(s, 3);
        kept = s.share(0);
        EXPECT_TRUE(kept->pin(1));
        EXPECT_TRUE(kept->pin(1));
        finish(s, 1);
        (void)s.take(1);
        EXPECT_EQ(counted::live, 3);
        EXPECT_EQ(kept->argument<0>(1)->value, 1);
        kept->unpin(1);
        EXPECT_EQ(counted::live, 3);
        kept->unpin(1);
        EXPECT_EQ(counted::live, 2);
    }
    kept.reset();
    EXPECT_EQ(counted::live, 0);
}

TEST(item_store, knows_what_items_take) {
    using texts = item_store<std::string, items_of<std::string>>;
    writer scratch;
    EXPECT_GE(footprint(std::string(1000, 'x'), scratch), 1000U);
    EXPECT_GE(footprint(std::vector<std::string>(10, std::string(100, 'x')), scratch), 1000U);
    EXPECT_EQ(footprint(1.0, scratch), sizeof(double));
    EXPECT_EQ(footprint(counted(1), scratch), 0U); // cannot be told
    texts s;
    for (int k = 0; k < 3; ++k) {
        const texts::run r = s.room(1);
        ::new (static_cast<void*>(r.in->argument<0>(r.at))) std::string(100, 'x');
        s.start_bytes(*r.in, r.at, 100);
        s.fill(1);
    }
    EXPECT_EQ(s.known_bytes(), 300U);
    const texts::run r = s.run_at(1, 1);
    ::new (static_cast<void*>(r.in->result(r.at))) std::string(50, 'y');
    s.add_bytes(*r.in, r.at, 50);
    s.finish(*r.in, 1);
    EXPECT_EQ(s.known_bytes(), 350U); // until it is taken
    EXPECT_EQ(s.take(1).size(), 50U);
    EXPECT_EQ(s.known_bytes(), 200U);
}

TEST(item_store, blocks_of_large_items_are_short) {
    struct large {
        double values[1000];
    };
    EXPECT_EQ((item_block<large, items_of<large>>::length), 2U);
    EXPECT_EQ((item_block<int, items_of<int>>::length), 256U);
}

} // namespace
