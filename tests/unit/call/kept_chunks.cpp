#include "call/kept_chunks.hpp"

#include <cstddef>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using mpimap::detail::item_range;
using mpimap::detail::kept_chunks;
using mpimap::detail::outgoing;

outgoing message_of(std::size_t bytes) {
    outgoing m;
    const std::string content(bytes, 'x');
    m.out.bytes(content.data(), content.size());
    return m;
}

/// Sends a chunk to a rank; gives what its message holds.
const void* send(kept_chunks& all, std::size_t rank, item_range items, std::size_t bytes = 100) {
    outgoing m = message_of(bytes);
    all.sent(rank, items, 0, m);
    EXPECT_EQ(m.content().size(), bytes); // it is sent all the same
    return m.shared.get();
}

TEST(kept_chunks, what_comes_back_is_as_it_was_sent) {
    kept_chunks all(3);
    send(all, 1, {0, 4});
    const void* const second = send(all, 1, {4, 4});
    send(all, 2, {8, 4});
    const kept_chunks::encoding back = all.returned(1, {4, 4});
    EXPECT_EQ(back.content.get(), second);
    EXPECT_EQ(back.skipped, 0U);
    EXPECT_EQ(all.bytes(), 200U);
    EXPECT_EQ(all.returned(1, {4, 4}).content, nullptr); // once
    EXPECT_EQ(all.returned(0, {8, 4}).content, nullptr); // from who has it
}

TEST(kept_chunks, the_end_of_a_chunk_is_behind_what_has_run) {
    kept_chunks all(3);
    const void* const content = send(all, 1, {10, 8});
    send(all, 1, {18, 2});
    kept_chunks::encoding rest = all.returned(1, {13, 5});
    EXPECT_EQ(rest.content.get(), content);
    EXPECT_EQ(rest.skipped, 3U);
    // It goes on to another, which gives back a part of it, too.
    outgoing again;
    again.shared = rest.content;
    all.sent(2, {13, 5}, rest.skipped, again);
    rest = all.returned(2, {17, 1});
    EXPECT_EQ(rest.content.get(), content);
    EXPECT_EQ(rest.skipped, 7U);
    // What the first rank has kept of its chunk is still the oldest that it has.
    all.finished(1);
    EXPECT_NE(all.returned(1, {18, 2}).content, nullptr);
}

TEST(kept_chunks, what_is_done_with_takes_no_memory) {
    kept_chunks all(2);
    send(all, 1, {0, 1}, 1000);
    send(all, 1, {1, 1}, 10);
    EXPECT_EQ(all.bytes(), 1010U);
    all.finished(1);
    EXPECT_EQ(all.bytes(), 10U);
    all.finished(1);
    all.finished(1); // it has none
    EXPECT_EQ(all.bytes(), 0U);
}

TEST(kept_chunks, no_more_is_kept_than_there_is_room_for) {
    kept_chunks all(2);
    send(all, 1, {0, 1}, kept_chunks::most_bytes - 100);
    EXPECT_EQ(send(all, 1, {1, 1}, 101), nullptr);
    EXPECT_NE(send(all, 1, {2, 1}, 100), nullptr);
    EXPECT_EQ(all.returned(1, {1, 1}).content, nullptr);
    EXPECT_NE(all.returned(1, {2, 1}).content, nullptr);
    // One that was not kept is a chunk like others.
    send(all, 1, {3, 1}, 101);
    all.finished(1);
    EXPECT_EQ(all.bytes(), 0U);
}

TEST(kept_chunks, what_is_sent_from_where_it_is_is_not_kept) {
    kept_chunks all(2);
    const std::vector<double> numbers(100'000);
    outgoing m;
    m.out.heap(numbers.data(), numbers.size() * sizeof(double));
    ASSERT_FALSE(m.out.spans().empty());
    all.sent(1, {0, 1}, 0, m);
    EXPECT_EQ(m.shared, nullptr);
    EXPECT_EQ(all.returned(1, {0, 1}).content, nullptr);
}

} // namespace
