// Chunk sizes: what each schedule promises, for small and for huge numbers.

#include <schedule/chunking.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace mpimap::detail;

constexpr std::size_t huge = std::numeric_limits<std::size_t>::max() / 4;

const std::vector<std::size_t> some_ranks{1, 2, 3, 7, 8, 64, 1000};
const std::vector<std::size_t> some_items{0, 1, 2, 7, 8, 9, 255, 256, 257, 1000, 12345};

chunk_request request(std::size_t remaining, std::size_t ranks) {
    chunk_request r;
    r.remaining = remaining;
    r.items = remaining;
    r.ranks = ranks;
    return r;
}

measurements measured(std::size_t done, double item_time) {
    measurements m;
    m.items_done = done;
    m.item_time = item_time;
    return m;
}

/// The sizes that a chunk function gives until nothing is left.
template <typename Chunk>
std::vector<std::size_t> all_chunks(std::size_t items, std::size_t ranks, const Chunk& chunk) {
    std::vector<std::size_t> sizes;
    chunk_request r = request(items, ranks);
    while (r.remaining != 0) {
        const std::size_t n = chunk(r);
        if (n == 0 || n > r.remaining) {
            ADD_FAILURE() << "a chunk of " << n << " with " << r.remaining << " items left";
            break;
        }
        sizes.push_back(n);
        r.remaining -= n;
    }
    return sizes;
}

std::size_t sum(const std::vector<std::size_t>& v) {
    return std::accumulate(v.begin(), v.end(), std::size_t{0});
}

} // namespace

// ---------------------------------------------------------------- dynamic

TEST(chunking, dynamic_is_one_item_or_the_chunk_asked_for) {
    EXPECT_EQ(dynamic_chunk(request(100, 4)), 1U);
    chunk_request r = request(100, 4);
    r.chunk = 16;
    EXPECT_EQ(dynamic_chunk(r), 16U);
    r.remaining = 5;
    EXPECT_EQ(dynamic_chunk(r), 5U);
    r.remaining = 0;
    EXPECT_EQ(dynamic_chunk(r), 0U);
    r.remaining = 3;
    r.chunk = huge;
    EXPECT_EQ(dynamic_chunk(r), 3U);
}

// ---------------------------------------------------------------- guided, factoring

TEST(chunking, guided_is_the_share_of_what_is_left) {
    EXPECT_EQ(guided_chunk(request(100, 4)), 25U);
    EXPECT_EQ(guided_chunk(request(101, 4)), 26U);
    EXPECT_EQ(guided_chunk(request(3, 4)), 1U);
    EXPECT_EQ(guided_chunk(request(0, 4)), 0U);
    chunk_request r = request(100, 4);
    r.chunk = 30;
    EXPECT_EQ(guided_chunk(r), 30U);
    r.remaining = 10;
    EXPECT_EQ(guided_chunk(r), 10U);
}

TEST(chunking, guided_chunks_cover_all_and_never_grow) {
    for (const std::size_t ranks : some_ranks) {
        for (const std::size_t items : some_items) {
            const auto sizes =
                all_chunks(items, ranks, [](const chunk_request& r) { return guided_chunk(r); });
            EXPECT_EQ(sum(sizes), items);
            EXPECT_TRUE(std::is_sorted(sizes.rbegin(), sizes.rend()))
                << items << " items, " << ranks << " ranks";
        }
    }
}

TEST(chunking, factoring_gives_rounds_of_equal_chunks) {
    for (const std::size_t ranks : some_ranks) {
        for (const std::size_t items : some_items) {
            std::size_t in_round = 0;
            std::size_t at_round = items;
            const auto sizes = all_chunks(items, ranks, [&](const chunk_request& r) {
                if (in_round == 0)
                    at_round = r.remaining;
                const std::size_t n = factoring_chunk(r, at_round);
                in_round = (in_round + 1) % ranks;
                return n;
            });
            EXPECT_EQ(sum(sizes), items);
            EXPECT_TRUE(std::is_sorted(sizes.rbegin(), sizes.rend()))
                << items << " items, " << ranks << " ranks";
            for (std::size_t i = 0; i + ranks < sizes.size(); i += ranks) {
                EXPECT_EQ(sizes[i], sizes[i + ranks - 1])
                    << items << " items, " << ranks << " ranks, chunk " << i;
            }
        }
    }
    EXPECT_EQ(factoring_chunk(request(1600, 4), 1600), 200U);
    chunk_request r = request(1600, 4);
    r.chunk = 300;
    EXPECT_EQ(factoring_chunk(r, 1600), 300U);
}

TEST(chunking, huge_ranges_do_not_overflow) {
    EXPECT_EQ(guided_chunk(request(huge, 1)), huge);
    EXPECT_EQ(guided_chunk(request(huge, 1000)), huge / 1000 + 1);
    EXPECT_EQ(factoring_chunk(request(huge, 2), huge), huge / 4 + 1);
    const std::size_t n = automatic_chunk(request(huge, 8), measured(huge / 64, 1e-9));
    EXPECT_GE(n, 1U);
    EXPECT_LE(n, huge);
    const item_range last = static_slice(huge, 1000, 999, 1);
    EXPECT_EQ(last.end(), huge);
    EXPECT_GE(last.count, huge / 1000);
}

// ---------------------------------------------------------------- automatic

TEST(chunking, automatic_starts_with_one_item) {
    EXPECT_EQ(automatic_chunk(request(1000000, 8), measured(0, 0)), 1U);
    EXPECT_EQ(automatic_chunk(request(0, 8), measured(0, 0)), 0U);
}

TEST(chunking, automatic_trusts_a_mean_when_every_rank_has_run_an_item) {
    for (const std::size_t ranks : {2U, 64U}) {
        const chunk_request r = request(100000000, ranks);
        EXPECT_EQ(automatic_chunk(r, measured(1, 1e-9)), 4 / std::min<std::size_t>(ranks, 4));
        EXPECT_EQ(automatic_chunk(r, measured(ranks, 1e-9)), 4U);
        EXPECT_EQ(automatic_chunk(r, measured(5 * ranks, 1e-9)), 20U);
        EXPECT_GE(automatic_chunk(r, measured(1000 * ranks, 1e-9)), 1000U);
    }
}

TEST(chunking, automatic_takes_about_a_millisecond) {
    const chunk_request r = request(100000000, 2);
    for (const double item_time : {1e-6, 1e-5, 1e-4}) {
        const double n = static_cast<double>(automatic_chunk(r, measured(1000000, item_time)));
        EXPECT_NEAR(n * item_time, 1e-3, 1.1 * item_time) << item_time;
    }
    EXPECT_EQ(automatic_chunk(r, measured(1000000, 1.0)), 1U);
}

TEST(chunking, automatic_keeps_the_root_below_a_tenth) {
    // 1,000 ranks that ask all the time, 10 us per chunk at the root: 100 ms of work for each.
    measurements m = measured(1000000, 1e-4);
    m.chunk_cost = 10e-6;
    EXPECT_EQ(automatic_chunk(request(100000000, 1000), m), 1000U);
}

TEST(chunking, automatic_trusts_a_sample_in_order) {
    const chunk_request r = request(102400, 1024);
    measurements m = measured(64, 1e-3);
    EXPECT_EQ(automatic_chunk(r, m), 1U); // the first that came back, of a thousand
    m.in_order = 64;
    EXPECT_EQ(automatic_chunk(r, m), 16U);
}

TEST(chunking, automatic_bridges_the_round_of_many_ranks) {
    // 1,024 ranks, 4 us per chunk at the root: it comes back after 4 ms.
    measurements m = measured(100000, 1e-3);
    m.chunk_cost = 4e-6;
    m.in_order = 1023;
    for (const std::size_t left : {102400U, 10000U, 2000U, 100U})
        EXPECT_GE(automatic_chunk(request(left, 1024), m), 4U) << left;
    EXPECT_EQ(automatic_chunk(request(2, 1024), m), 2U);
    EXPECT_EQ(automatic_chunk(request(102400, 1024), measured(0, 0)), 4U);
    EXPECT_EQ(automatic_chunk(request(10240, 1024), measured(0, 0)), 1U); // few for each
    EXPECT_EQ(automatic_chunk(request(10240, 64), measured(0, 0)), 1U);
    // Long items go out one by one.
    m.item_time = 10e-3;
    EXPECT_EQ(automatic_chunk(request(2000, 1024), m), 1U);
}

TEST(chunking, automatic_leaves_enough_for_all) {
    for (const std::size_t ranks : some_ranks) {
        for (const std::size_t left : some_items) {
            if (left == 0)
                continue;
            SCOPED_TRACE(testing::Message() << left << " left, " << ranks << " ranks");
            measurements m = measured(1000000, 1e-9);
            m.chunk_cost = 0;
            const std::size_t n = automatic_chunk(request(left, ranks), m);
            EXPECT_GE(n, 1U);
            EXPECT_LE(n, std::max<std::size_t>(1, left / (4 * ranks)));
            // Chunks that would cost the root more than their items take are larger, up to twice that.
            m.chunk_cost = 1e-3;
            const std::size_t larger = automatic_chunk(request(left, ranks), m);
            EXPECT_GE(larger, n);
            EXPECT_LE(larger, std::max<std::size_t>(1, left / (2 * ranks)));
        }
    }
}

TEST(chunking, automatic_takes_more_of_what_goes_on) {
    // Small items: the share of what has been read so far, not what would end a range evenly.
    chunk_request r = request(1000, 4);
    const measurements m = measured(100000, 1e-7);
    const std::size_t of_a_range = automatic_chunk(r, m);
    r.grows = true;
    EXPECT_EQ(automatic_chunk(r, m), 250U);
    EXPECT_LT(of_a_range, 250U);
    // Long ones still go out one by one.
    EXPECT_EQ(automatic_chunk(r, measured(100, 5e-3)), 1U);
}

TEST(chunking, automatic_bounds_the_bytes_of_a_chunk) {
    chunk_request r = request(100000000, 2);
    r.bytes_per_item = 1024 * 1024;
    EXPECT_EQ(automatic_chunk(r, measured(1000000, 1e-9)), 4U);
    r.bytes_per_item = std::size_t{1} << 30U;
    EXPECT_EQ(automatic_chunk(r, measured(1000000, 1e-9)), 1U);
    // What was not known beforehand is what messages have shown.
    r.bytes_per_item = 0;
    measurements m = measured(1000000, 1e-9);
    m.argument_bytes = 512 * 1024;
    m.result_bytes = 1536 * 1024;
    EXPECT_EQ(automatic_chunk(r, m), 2U);
}

TEST(chunking, automatic_takes_the_chunk_asked_for) {
    chunk_request r = request(100, 2);
    r.chunk = 7;
    EXPECT_EQ(automatic_chunk(r, measured(0, 0)), 7U);
    EXPECT_EQ(automatic_chunk(r, measured(1000, 10.0)), 7U);
    r.remaining = 3;
    EXPECT_EQ(automatic_chunk(r, measured(1000, 1e-9)), 3U);
}

TEST(chunking, automatic_survives_strange_measurements) {
    const chunk_request r = request(1000, 4);
    constexpr double infinity = std::numeric_limits<double>::infinity();
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    for (const double t : {0.0, -1.0, infinity, nan, 1e-300, 1e300}) {
        const std::size_t n = automatic_chunk(r, measured(100, t));
        EXPECT_GE(n, 1U) << t;
        EXPECT_LE(n, 1000U) << t;
    }
}

TEST(chunking, automatic_covers_all_for_random_measurements) {
    std::mt19937 random(7);
    std::uniform_real_distribution<double> exponent(-9, 0);
    for (int round = 0; round < 50; ++round) {
        const std::size_t ranks = 1 + random() % 100;
        const std::size_t items = random() % 20000;
        std::size_t done = 0;
        const auto sizes = all_chunks(items, ranks, [&](const chunk_request& r) {
            const std::size_t n = automatic_chunk(r, measured(done, std::pow(10.0, exponent(random))));
            done += n;
            return n;
        });
        EXPECT_EQ(sum(sizes), items);
    }
}

// ---------------------------------------------------------------- slices

TEST(chunking, slices_join_without_gap_and_differ_by_one) {
    for (const std::size_t ranks : some_ranks) {
        for (const std::size_t items : some_items) {
            std::size_t at = 0;
            std::size_t least = huge;
            std::size_t most = 0;
            for (std::size_t rank = 0; rank < ranks; ++rank) {
                const item_range s = static_slice(items, ranks, rank, 1);
                EXPECT_EQ(s.first, at);
                at = s.end();
                least = std::min(least, s.count);
                most = std::max(most, s.count);
            }
            EXPECT_EQ(at, items);
            EXPECT_LE(most - least, 1U) << items << " items, " << ranks << " ranks";
        }
    }
}

TEST(chunking, slices_of_whole_blocks_where_every_rank_gets_one) {
    for (const std::size_t ranks : some_ranks) {
        for (const std::size_t items : some_items) {
            std::size_t at = 0;
            for (std::size_t rank = 0; rank < ranks; ++rank) {
                const item_range s = static_slice(items, ranks, rank, 256);
                EXPECT_EQ(s.first, at);
                at = s.end();
                if (items / 256 >= ranks) {
                    EXPECT_EQ(s.first % 256, 0U);
                }
            }
            EXPECT_EQ(at, items) << items << " items, " << ranks << " ranks";
        }
    }
}

TEST(chunking, aligned_chunks_end_at_a_multiple) {
    EXPECT_EQ(aligned_chunk(0, 300, 256), 256U);
    EXPECT_EQ(aligned_chunk(256, 512, 256), 512U);
    EXPECT_EQ(aligned_chunk(100, 300, 256), 156U);
    EXPECT_EQ(aligned_chunk(0, 100, 256), 100U); // too short
    EXPECT_EQ(aligned_chunk(17, 5, 1), 5U);
    std::mt19937 random(3);
    for (int round = 0; round < 10000; ++round) {
        const std::size_t first = random() % 5000;
        const std::size_t n = 1 + random() % 5000;
        const std::size_t granularity = 1 + random() % 600;
        const std::size_t a = aligned_chunk(first, n, granularity);
        EXPECT_GE(a, 1U);
        EXPECT_LE(a, n);
        if (n >= granularity && a != n) {
            EXPECT_EQ((first + a) % granularity, 0U);
        }
    }
}

TEST(chunking, chunks_before_an_end_begin_at_a_multiple) {
    EXPECT_EQ(aligned_chunk_before(1000, 300, 256), 1000U - 768U);
    EXPECT_EQ(aligned_chunk_before(512, 512, 256), 512U);
    EXPECT_EQ(aligned_chunk_before(1000, 100, 256), 100U); // too short
    EXPECT_EQ(aligned_chunk_before(17, 5, 1), 5U);
    std::mt19937 random(4);
    for (int round = 0; round < 10000; ++round) {
        const std::size_t n = 1 + random() % 5000;
        const std::size_t end = n + random() % 5000;
        const std::size_t granularity = 1 + random() % 600;
        const std::size_t a = aligned_chunk_before(end, n, granularity);
        EXPECT_GE(a, 1U);
        EXPECT_LE(a, n);
        if (n >= granularity && a != n) {
            EXPECT_EQ((end - a) % granularity, 0U);
        }
    }
}

TEST(chunking, blocks_of_a_slice_are_an_eighth_or_a_megabyte) {
    constexpr std::size_t mega = 1024 * 1024;
    EXPECT_EQ(transfer_block(80 * mega, 8, 1), 10 * mega);
    EXPECT_EQ(transfer_block(mega, 8, 1), mega / 8); // 1 MiB of 8-byte items
    EXPECT_EQ(transfer_block(100, 0, 1), 13U);       // the size of an item is not known beforehand
    EXPECT_EQ(transfer_block(8, 100 * mega, 1), 1U); // large items one by one
    EXPECT_EQ(transfer_block(80 * mega + 8, 8, 256) % 256, 0U);
    for (const std::size_t slice : some_items) {
        for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{8}, mega, 3 * mega}) {
            for (const std::size_t granularity : {1U, 256U})
                EXPECT_GE(transfer_block(slice, bytes, granularity), 1U) << slice << " of " << bytes;
        }
    }
}

// ---------------------------------------------------------------- look-ahead, batches

TEST(chunking, look_ahead_covers_the_reply_time) {
    measurements m = measured(100, 100e-6);
    m.reply_time = 50e-6;
    EXPECT_EQ(look_ahead(10, true, m), 2U);
    m.reply_time = 200e-6;
    EXPECT_EQ(look_ahead(1, true, m), 5U);
    m.reply_time = 1.0;
    EXPECT_EQ(look_ahead(1, true, m), 8U);
    EXPECT_EQ(look_ahead(1, false, m), 2U); // towards the end
}

TEST(chunking, look_ahead_covers_an_item_that_the_root_may_be_busy_with) {
    measurements m = measured(100, 1e-3);
    m.reply_time = 20e-6;
    EXPECT_EQ(look_ahead(1, true, m), 3U);
    m.item_time = 100e-3; // its helper answers meanwhile
    EXPECT_EQ(look_ahead(1, true, m), 2U);
}

TEST(chunking, long_items_are_prefetched_only_while_there_is_plenty) {
    measurements m = measured(100, 1.0);
    m.reply_time = 20e-6;
    EXPECT_EQ(look_ahead(1, false, m), 1U);
    EXPECT_EQ(look_ahead(1, true, m), 2U);
    // Nothing known: an item that waits behind a long one would keep all waiting, if it is among the last.
    EXPECT_EQ(look_ahead(1, false, measured(0, 0)), 1U);
    EXPECT_EQ(look_ahead(1, true, measured(0, 0)), 2U);
}

TEST(chunking, nothing_waits_behind_another_item_when_one_could_outlast_the_rest) {
    measurements m = measured(100, 10e-3);
    m.longest = 10e-3;
    EXPECT_TRUE(plenty_left(100, 16, m));
    EXPECT_FALSE(plenty_left(32, 16, m));
    m.longest = 100e-3; // as long as ten items: 20 items per rank are needed behind it
    EXPECT_FALSE(plenty_left(16 * 20, 16, m));
    EXPECT_TRUE(plenty_left(16 * 20 + 1, 16, m));
    EXPECT_TRUE(plenty_left(17, 16, measured(0, 0))); // nothing is known
    EXPECT_FALSE(plenty_left(16, 16, measured(0, 0)));
}

TEST(chunking, the_helper_naps_less_when_it_is_waited_for) {
    EXPECT_DOUBLE_EQ(helper_nap(16, true, 20e-3).seconds, 5e-3);
    EXPECT_TRUE(helper_nap(16, true, 20e-3).for_long_items);
    EXPECT_DOUBLE_EQ(helper_nap(16, true, 1.0).seconds, 10e-3);
    EXPECT_FALSE(helper_nap(16, true, 1e-3).for_long_items);
    EXPECT_FALSE(helper_nap(16, true, 0).for_long_items); // nothing is known
    const nap_length awaited = helper_nap(16, false, 20e-3);
    EXPECT_TRUE(awaited.for_long_items);
    EXPECT_LT(awaited.seconds, 1e-3);
    EXPECT_LT(helper_nap(64, false, 1.0).seconds, helper_nap(2, false, 1.0).seconds);
    EXPECT_FALSE(helper_nap(16, false, 10e-6).for_long_items); // the main thread looks between short ones
}

TEST(chunking, an_item_is_a_long_one_after_twice_the_mean) {
    EXPECT_DOUBLE_EQ(patience_nap(0).seconds, 5e-3); // nothing is known
    EXPECT_DOUBLE_EQ(patience_nap(1e-6).seconds, 5e-3);
    EXPECT_DOUBLE_EQ(patience_nap(0.1).seconds, 0.2);
    EXPECT_DOUBLE_EQ(patience_nap(3600).seconds, 1);
    EXPECT_FALSE(patience_nap(0.1).for_long_items); // one nap at least lies within the item
}

TEST(chunking, batches_follow_the_poll_interval) {
    EXPECT_EQ(next_batch(1, 1e-6), 2U);
    EXPECT_EQ(next_batch(100, 100e-6), 100U);
    EXPECT_EQ(next_batch(100, 1e-3), 10U);
    EXPECT_EQ(next_batch(1, 10.0), 1U);
    std::size_t batch = 1;
    for (int i = 0; i < 100; ++i)
        batch = next_batch(batch, static_cast<double>(batch) * 1e-6);
    EXPECT_GE(batch, 50U);
    EXPECT_LE(batch, 150U);
}

// ---------------------------------------------------------------- costs

TEST(chunking, chunks_by_cost_are_longest_first_and_cover_all) {
    std::mt19937 random(5);
    for (int round = 0; round < 200; ++round) {
        const std::size_t ranks = 1 + random() % 20;
        std::vector<double> costs(random() % 500);
        for (double& c : costs)
            c = random() % 10 == 0 ? 0.0 : static_cast<double>(random() % 1000);
        const auto chunks = chunks_by_cost(costs, ranks, std::nullopt);
        std::vector<int> seen(costs.size());
        double before = std::numeric_limits<double>::infinity();
        double total = std::accumulate(costs.begin(), costs.end(), 0.0);
        for (const item_range& c : chunks) {
            ASSERT_GE(c.count, 1U);
            double cost = 0;
            for (std::size_t i = c.first; i < c.end(); ++i) {
                ++seen[i];
                cost += costs[i];
            }
            EXPECT_LE(cost, before);
            before = cost;
            // More than one item only within the share.
            if (c.count > 1) {
                EXPECT_LE(cost, total / (16.0 * static_cast<double>(ranks)) * (1 + 1e-12));
            }
        }
        EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](int n) { return n == 1; }));
    }
}

TEST(chunking, chunks_by_cost_with_a_fixed_size) {
    const auto chunks = chunks_by_cost({1, 1, 5, 5, 3}, 2, 2);
    ASSERT_EQ(chunks.size(), 3U);
    EXPECT_EQ(chunks[0].first, 2U);
    EXPECT_EQ(chunks[0].count, 2U);
    EXPECT_EQ(chunks[1].first, 4U);
    EXPECT_EQ(chunks[1].count, 1U);
    EXPECT_EQ(chunks[2].first, 0U);
}

TEST(chunking, a_few_long_items_do_not_make_the_usual_time_long) {
    usual_time t;
    EXPECT_EQ(t.seconds(), 0);
    t.note(0, 0);
    EXPECT_EQ(t.seconds(), 0);
    for (int i = 0; i < 34; ++i)
        t.note(1, 4e-3);
    EXPECT_NEAR(t.seconds(), 4e-3, 1e-9);
    for (int i = 0; i < 6; ++i)
        t.note(1, 200e-3);
    EXPECT_LT(t.seconds(), 8e-3); // their mean is 33 ms
    usual_time many;
    many.note(1000, 1e-3);
    EXPECT_NEAR(many.seconds(), 1e-6, 1e-12);
    many.note(1, 0); // a clock that stands still
    EXPECT_GT(many.seconds(), 0);
}

TEST(chunking, equal_costs_keep_the_input_order) {
    const auto chunks = chunks_by_cost(std::vector<double>(100, 1.0), 50, std::nullopt);
    ASSERT_EQ(chunks.size(), 100U);
    for (std::size_t i = 0; i < chunks.size(); ++i)
        EXPECT_EQ(chunks[i].first, i);
}
