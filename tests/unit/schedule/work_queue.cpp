// Every item is handed out exactly once, whatever the schedule, and to whom each schedule says.

#include <schedule/work_queue.hpp>

#include <algorithm>
#include <cstddef>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace mpimap::detail;
using mpimap::options;
using mpimap::schedule;

const std::vector<schedule> all_schedules{schedule::automatic, schedule::static_, schedule::dynamic,
                                          schedule::guided, schedule::factoring};

measurements measured(std::size_t done, double item_time) {
    measurements m;
    m.items_done = done;
    m.item_time = item_time;
    return m;
}

/// Asks for each rank in turn until nobody gets anything.
std::vector<std::vector<item_range>> round_robin(work_queue& q, std::size_t ranks) {
    std::vector<std::vector<item_range>> given(ranks);
    std::size_t done = 0;
    for (bool more = true; more;) {
        more = false;
        for (std::size_t r = 0; r < ranks; ++r) {
            const bool empty = q.empty(r);
            const item_range c = q.next(r, measured(done, 1e-6));
            EXPECT_EQ(empty, c.count == 0);
            if (c.count == 0)
                continue;
            given[r].push_back(c);
            done += c.count;
            more = true;
        }
    }
    return given;
}

std::vector<item_range> joined(const std::vector<std::vector<item_range>>& given) {
    std::vector<item_range> all;
    for (const auto& one : given)
        all.insert(all.end(), one.begin(), one.end());
    std::sort(all.begin(), all.end(),
              [](const item_range& a, const item_range& b) { return a.first < b.first; });
    return all;
}

void expect_each_once(const std::vector<item_range>& sorted, std::size_t items) {
    std::size_t at = 0;
    for (const item_range& c : sorted) {
        ASSERT_EQ(c.first, at);
        at = c.end();
    }
    EXPECT_EQ(at, items);
}

} // namespace

TEST(work_queue, every_schedule_hands_out_each_item_once) {
    for (const schedule how : all_schedules) {
        for (const std::size_t ranks : {1U, 2U, 5U, 64U}) {
            for (const std::size_t items : {0U, 1U, 2U, 63U, 64U, 1000U}) {
                for (const std::size_t chunk : {0U, 1U, 7U, 2000U}) {
                    options o;
                    o.schedule = how;
                    if (chunk != 0)
                        o.chunk = chunk;
                    work_queue q(o, items, ranks, 8, 1);
                    SCOPED_TRACE(testing::Message() << "schedule " << static_cast<int>(how) << ", " << ranks
                                                    << " ranks, " << items << " items, chunk " << chunk);
                    expect_each_once(joined(round_robin(q, ranks)), items);
                    for (std::size_t r = 0; r < ranks; ++r) {
                        EXPECT_TRUE(q.empty(r));
                        EXPECT_EQ(q.next(r, measured(items, 1e-6)).count, 0U);
                    }
                }
            }
        }
    }
}

TEST(work_queue, random_requests_and_returns) {
    std::mt19937 random(11);
    for (int round = 0; round < 500; ++round) {
        options o;
        o.schedule = all_schedules[random() % all_schedules.size()];
        const std::size_t items = random() % 3000;
        const std::size_t ranks = 1 + random() % 12;
        if (random() % 2 == 0)
            o.chunk = 1 + random() % 50;
        const bool costs =
            (o.schedule == schedule::automatic || o.schedule == schedule::dynamic) && random() % 3 == 0;
        if (costs) {
            for (std::size_t i = 0; i < items; ++i)
                o.costs.push_back(static_cast<double>(random() % 100));
        }
        work_queue q(o, items, ranks, random() % 100, random() % 3 == 0 ? 256 : 1);
        std::vector<int> run(items);
        std::size_t done = 0;
        for (std::size_t quiet = 0; quiet < 200 && done < items;) {
            const std::size_t rank = random() % ranks;
            item_range c = q.next(rank, measured(done, 1e-5 * static_cast<double>(random() % 100)));
            if (c.count == 0) {
                ++quiet;
                continue;
            }
            quiet = 0;
            ASSERT_LE(c.end(), items);
            q.note(c, 1e-5 * static_cast<double>(random() % 100));
            if (random() % 4 == 0) {
                // Runs some of them, gives back the rest.
                const std::size_t kept = random() % (c.count + 1);
                q.give_back({c.first + kept, c.count - kept});
                c.count = kept;
            }
            for (std::size_t i = c.first; i < c.end(); ++i)
                ++run[i];
            done += c.count;
        }
        EXPECT_TRUE(std::all_of(run.begin(), run.end(), [](int n) { return n == 1; })) << "round " << round;
    }
}

TEST(work_queue, what_was_given_back_goes_first_and_to_anyone) {
    for (const schedule how : all_schedules) {
        options o;
        o.schedule = how;
        o.chunk = 10;
        work_queue q(o, 100, 4, 8, 1);
        const item_range first = q.next(0, measured(0, 0));
        ASSERT_GE(first.count, 10U);
        q.give_back({first.first + 3, first.count - 3});
        const item_range again = q.next(3, measured(3, 1e-6));
        EXPECT_EQ(again.first, first.first + 3);
        EXPECT_EQ(again.count, first.count - 3);
    }
}

TEST(work_queue, clear_ends_it) {
    for (const schedule how : all_schedules) {
        options o;
        o.schedule = how;
        work_queue q(o, 100, 2, 8, 1);
        const item_range c = q.next(0, measured(0, 0));
        q.clear();
        q.give_back(c);
        for (std::size_t r = 0; r < 2; ++r) {
            EXPECT_TRUE(q.empty(r));
            EXPECT_EQ(q.next(r, measured(1, 1e-6)).count, 0U);
        }
    }
}

TEST(work_queue, static_without_chunk_gives_each_rank_its_slice) {
    options o;
    o.schedule = schedule::static_;
    // Small items in one block, large slices and items of unknown size in several.
    for (const std::size_t items : {103U, 8U * 1024 * 1024}) {
        for (const std::size_t bytes : {0U, 8U}) {
            constexpr std::size_t ranks = 4;
            work_queue q(o, items, ranks, bytes, 1);
            EXPECT_TRUE(q.decided());
            const auto given = round_robin(q, ranks);
            for (std::size_t r = 0; r < ranks; ++r) {
                const item_range slice = static_slice(items, ranks, r, 1);
                std::size_t at = slice.first;
                for (const item_range& block : given[r]) {
                    EXPECT_EQ(block.first, at);
                    at = block.end();
                }
                EXPECT_EQ(at, slice.end());
                EXPECT_LE(given[r].size(), 8U);
            }
            expect_each_once(joined(given), items);
        }
    }
}

TEST(work_queue, static_with_chunk_deals_blocks_round_robin) {
    options o;
    o.schedule = schedule::static_;
    o.chunk = 10;
    work_queue q(o, 95, 3, 8, 1);
    const auto given = round_robin(q, 3);
    for (std::size_t r = 0; r < 3; ++r) {
        for (std::size_t k = 0; k < given[r].size(); ++k) {
            const std::size_t block = k * 3 + r;
            EXPECT_EQ(given[r][k].first, 10 * block);
            EXPECT_EQ(given[r][k].count, std::min<std::size_t>(10, 95 - 10 * block));
        }
    }
    EXPECT_EQ(given[0].size(), 4U);
    EXPECT_EQ(given[1].size(), 3U);
    EXPECT_EQ(given[2].size(), 3U);
    expect_each_once(joined(given), 95);
}

TEST(work_queue, costs_hand_out_the_longest_first) {
    for (const schedule how : {schedule::automatic, schedule::dynamic}) {
        options o;
        o.schedule = how;
        o.chunk = 1;
        o.costs = {1, 9, 4, 9, 0, 7};
        work_queue q(o, 6, 2, 8, 1);
        std::vector<std::size_t> order;
        while (!q.empty(order.size() % 2)) {
            const item_range c = q.next(order.size() % 2, measured(order.size(), 1e-6));
            ASSERT_EQ(c.count, 1U);
            order.push_back(c.first);
        }
        EXPECT_EQ(order, (std::vector<std::size_t>{1, 3, 5, 2, 0, 4}));
    }
}

TEST(work_queue, automatic_tries_the_last_item_in_the_first_round) {
    constexpr std::size_t ranks = 4;
    work_queue q(options(), 100, ranks, 8, 1);
    std::vector<std::size_t> first_round;
    for (std::size_t rank = 0; rank < ranks; ++rank)
        first_round.push_back(q.next(rank, measured(0, 0)).first);
    EXPECT_EQ(first_round, (std::vector<std::size_t>{0, 1, 2, 99}));
}

TEST(work_queue, automatic_goes_on_where_items_take_longer) {
    // The length of item i of 100; the sum of the lengths of the 50 that go first.
    const auto first_half = [](auto length) {
        constexpr std::size_t ranks = 4;
        options o;
        o.chunk = 1;
        work_queue q(o, 100, ranks, 8, 1);
        double sum = 0;
        for (std::size_t k = 0; k < 50; ++k) {
            const item_range c = q.next(k % ranks, measured(k, 1));
            q.note(c, length(c.first));
            sum += length(c.first);
        }
        return sum;
    };
    const auto increasing = [](std::size_t i) { return static_cast<double>(i + 1); };
    const auto decreasing = [](std::size_t i) { return static_cast<double>(100 - i); };
    EXPECT_GT(first_half(increasing), 3600); // 51 + ... + 100 is 3775, 1 + ... + 50 is 1275
    EXPECT_GT(first_half(decreasing), 3600);
    EXPECT_EQ(first_half([](std::size_t i) { return i < 49 || i == 99 ? 1.0 : 1.5; }), 50); // in order
}

TEST(work_queue, chunks_keep_to_the_granularity) {
    for (const schedule how : {schedule::automatic, schedule::guided, schedule::factoring}) {
        options o;
        o.schedule = how;
        constexpr std::size_t items = 100000;
        work_queue q(o, items, 3, 8, 256);
        const auto all = joined(round_robin(q, 3));
        expect_each_once(all, items);
        for (const item_range& c : all) {
            if (c.count >= 512 && c.end() != items) {
                EXPECT_EQ(c.end() % 256, 0U) << c.first << " + " << c.count;
            }
        }
    }
}

TEST(work_queue, only_static_is_decided_beforehand) {
    for (const schedule how : all_schedules) {
        options o;
        o.schedule = how;
        EXPECT_EQ(work_queue(o, 10, 2, 8, 1).decided(), how == schedule::static_);
    }
}

TEST(work_queue, what_failed_goes_to_ranks_where_it_has_not) {
    for (const schedule how : all_schedules) {
        SCOPED_TRACE(static_cast<int>(how));
        options o;
        o.schedule = how;
        work_queue q(o, 3, 3, 8, 1);
        for (std::size_t r = 0; r < 3; ++r)
            EXPECT_EQ(q.next(r, measured(0, 0)).count, 1U);
        EXPECT_TRUE(q.empty());
        q.retry(1, {0, 2});
        EXPECT_EQ(q.retries(), std::vector<std::size_t>{1});
        EXPECT_FALSE(q.empty());
        EXPECT_TRUE(q.empty(0));
        EXPECT_FALSE(q.empty(1));
        EXPECT_TRUE(q.empty(2));
        EXPECT_EQ(q.next(0, measured(3, 1)).count, 0U);
        if (how != schedule::static_) {
            EXPECT_EQ(q.next(work_queue::anyone, measured(3, 1)).count, 0U);
        }
        const item_range again = q.next(1, measured(3, 1));
        EXPECT_EQ(again.first, 1U);
        EXPECT_EQ(again.count, 1U);
        EXPECT_TRUE(q.empty());
        q.retry(0, {});
        EXPECT_FALSE(q.empty(2));
        q.clear();
        EXPECT_TRUE(q.empty());
        EXPECT_EQ(q.next(2, measured(3, 1)).count, 0U);
    }
}

TEST(work_queue, says_which_retries_are_for_one_rank_alone) {
    constexpr std::size_t ranks = 3;
    work_queue q(options{}, 0, ranks, 8, 1);
    q.retry(4, {0});
    EXPECT_EQ(q.next_for_nobody_but(2).count, 0U); // rank 1 may run it
    q.retry(7, {0, 1});
    EXPECT_EQ(q.next_for_nobody_but(1).count, 0U);
    const item_range only = q.next_for_nobody_but(2);
    EXPECT_EQ(only.first, 7U);
    EXPECT_EQ(only.count, 1U);
    EXPECT_EQ(q.next_for_nobody_but(2).count, 0U);
    EXPECT_EQ(q.retries(), (std::vector<std::size_t>{4}));
}

TEST(work_queue, divides_what_was_returned_as_it_would_now) {
    constexpr std::size_t ranks = 2;
    constexpr std::size_t items = 100000;
    work_queue q(options{}, items, ranks, 8, 1);
    // Taken one by one, when nothing was known.
    item_range joined = q.next(0, measured(0, 0));
    (void)q.next(1, measured(0, 0)); // the last item of all
    for (int i = 0; i < 999; ++i) {
        const item_range one = q.next(0, measured(0, 0));
        ASSERT_EQ(one.first, joined.end());
        joined.count += one.count;
    }
    ASSERT_EQ(joined.count, 1000U);
    q.give_back(joined);
    EXPECT_TRUE(q.divides_returned());
    const item_range several = q.next(0, measured(200, 10e-6)); // a millisecond's worth
    EXPECT_EQ(several.first, 0U);
    EXPECT_EQ(several.count, 100U);
    EXPECT_EQ(q.next(1, measured(200, 10e-3)).count, 1U);
    std::size_t handed_out = several.count + 1;
    while (q.has_returned()) {
        const item_range more = q.next(0, measured(200, 10e-6));
        EXPECT_EQ(more.first, handed_out);
        handed_out += more.count;
    }
    EXPECT_EQ(handed_out, 1000U);

    // Where the size is the caller's, they come as they were given.
    EXPECT_FALSE(work_queue(options{.chunk = 3}, items, ranks, 8, 1).divides_returned());
    EXPECT_FALSE(work_queue(options{.schedule = schedule::guided}, items, ranks, 8, 1).divides_returned());
}

TEST(work_queue, hands_out_first_what_was_returned) {
    work_queue q(options{.schedule = schedule::dynamic}, 100, 3, 8, 1);
    EXPECT_FALSE(q.has_returned());
    const item_range first = q.next(0, measured(0, 0));
    q.give_back(first);
    EXPECT_TRUE(q.has_returned());
    EXPECT_EQ(q.next(1, measured(0, 0)).first, first.first);
    EXPECT_FALSE(q.has_returned());
    q.give_back(first);
    q.clear();
    EXPECT_FALSE(q.has_returned());
}
