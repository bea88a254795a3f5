// Headers of messages: each kind arrives as it was sent, and what is no message of ours is refused.

#include "wire/messages.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <mpimap/errors.hpp>

namespace {

using namespace mpimap::detail;

const call_number call{0x8000'0000'0000'0007};
const part_number part{11};

wire::longest_items some_longest() {
    wire::longest_items longest;
    longest.note(4, 0.1);
    longest.note(5, 0.2);
    return longest;
}

/// One of each kind, with all that it may say.
std::vector<wire::message> all_kinds() {
    return {
        wire::ready{call, true},
        wire::chunk{call, {3, 5}, wire::return_policy::may_return_and_was_late, 2, 0.5},
        wire::results{call,
                      {3, 4},
                      wire::progress::given_up,
                      1,
                      0.25,
                      1e-6,
                      some_longest(),
                      {1, 2, 3, 4, 5, 6, 7, 8},
                      {"node7"}},
        wire::failed{call, 2},
        wire::returned{call, {4, 4}},
        wire::stop{call},
        wire::end{call, wire::outcome::interrupted},
        wire::part{part, true},
        wire::relay{part},
        wire::forget{part},
        wire::open{call},
        wire::refused{call},
        wire::release{call},
        wire::broken{},
        wire::farewell{true, true},
        wire::interrupted{10},
    };
}

buffer encoded(const wire::frame& f, const wire::message& m) {
    buffer bytes;
    wire::encode(f, m, bytes);
    return bytes;
}
constexpr wire::frame with_content{episode_number{9}, 100, 2, 100'100, false};

/// As bytes: the same twice is the same message.
std::vector<std::byte> bytes_of(const wire::frame& f, const wire::message& m) {
    const buffer b = encoded(f, m);
    return {b.data(), b.data() + b.size()};
}

struct header {
    wire::frame framing;
    wire::message what;
    std::size_t size = 0;
};
template <typename Bytes>
header decoded(const Bytes& bytes) {
    header h;
    h.size = wire::decode(bytes.data(), bytes.size(), h.framing, h.what);
    return h;
}

TEST(wire_messages, each_kind_arrives_as_it_was_sent) {
    EXPECT_EQ(all_kinds().size(), std::variant_size_v<wire::message>);
    for (const wire::message& m : all_kinds()) {
        SCOPED_TRACE(m.index());
        const buffer b = encoded(with_content, m);
        EXPECT_LE(b.size(), wire::longest_header);
        const header h = decoded(b);
        EXPECT_EQ(h.size, b.size());
        EXPECT_EQ(h.what.index(), m.index());
        EXPECT_EQ(bytes_of(h.framing, h.what), bytes_of(with_content, m));
    }
    const buffer b = encoded(with_content, all_kinds()[2]);
    const auto r = std::get<wire::results>(decoded(b).what);
    EXPECT_EQ(r.call, call);
    EXPECT_EQ(r.items.first, 3U);
    EXPECT_EQ(r.items.count, 4U);
    EXPECT_EQ(r.chunk, wire::progress::given_up);
    EXPECT_EQ(r.not_run, 1U);
    EXPECT_EQ(r.seconds, 0.25);
    EXPECT_EQ(r.waited, 1e-6);
    ASSERT_EQ(r.longest.count, 2U);
    EXPECT_EQ(r.longest.all[0].item, 5U);
    EXPECT_EQ(r.longest.all[0].seconds, 0.2);
    EXPECT_EQ(r.longest.all[1].item, 4U);
}

TEST(wire_messages, know_their_call) {
    EXPECT_EQ(wire::call_of(wire::chunk{call, {}}), call);
    EXPECT_EQ(wire::call_of(wire::release{call}), call);
    EXPECT_EQ(wire::call_of(wire::part{part}), call_number{});
    EXPECT_EQ(wire::call_of(wire::farewell{}), call_number{});
    EXPECT_NE(number_of_pool_call(1), call_number{1});
}

TEST(wire_messages, small_contents_follow_at_once) {
    const wire::frame f{episode_number{1}, 5, 1, 70'005, true};
    buffer b = encoded(f, wire::part{part});
    const std::size_t size = b.size();
    const char content[8 + 5] = {};
    b.append(content, sizeof content);
    header h;
    EXPECT_EQ(decoded(b).size, size);
    EXPECT_THROW((void)wire::decode(b.data(), b.size() - 1, h.framing, h.what), mpimap::serialization_error);
    b.append(content, 1);
    EXPECT_THROW((void)decoded(b), mpimap::serialization_error);
}

TEST(wire_messages, cut_off_anywhere) {
    for (const wire::message& m : all_kinds()) {
        SCOPED_TRACE(m.index());
        const buffer b = encoded(with_content, m);
        for (std::size_t size = 0; size != b.size(); ++size) {
            // A copy of that size: reading behind it shows under the address sanitizer.
            const std::vector<std::byte> cut(b.data(), b.data() + size);
            EXPECT_THROW((void)decoded(cut), mpimap::serialization_error);
        }
    }
}

TEST(wire_messages, what_no_message_says) {
    const auto with_word = [](const wire::message& m, std::size_t index, std::uint64_t value) {
        std::vector<std::byte> bytes = bytes_of(with_content, m);
        std::memcpy(bytes.data() + index * sizeof value, &value, sizeof value);
        return bytes;
    };
    const auto refused = [](const std::vector<std::byte>& bytes) {
        EXPECT_THROW((void)decoded(bytes), mpimap::serialization_error);
    };
    constexpr std::uint64_t huge = std::numeric_limits<std::uint64_t>::max();
    const wire::message chunk = all_kinds()[1];
    const wire::message results = all_kinds()[2];
    std::uint64_t first = 0;
    std::memcpy(&first, bytes_of(with_content, chunk).data(), sizeof first);
    refused(with_word(chunk, 0, 0));                                              // another program's
    refused(with_word(chunk, 0, first + 8 * std::variant_size_v<wire::message>)); // a kind of the future
    refused(with_word(chunk, 0, first | 1U));                                     // without the content
    refused(with_word(chunk, 2, huge));                                           // the body's length
    refused(with_word(chunk, 2, 200'000));                                        // more than all of it
    refused(with_word(chunk, 3, huge));                                           // spans
    refused(with_word(chunk, 3, 0));    // no spans: then the body is all
    refused(with_word(chunk, 4, huge)); // all of it
    refused(with_word(chunk, 6, huge)); // items
    refused(with_word(chunk, 7, huge));
    refused(with_word(chunk, 8, 3)); // how it may be returned
    refused(with_word(chunk, 9, 4)); // more items ahead than there are
    const double no_time[] = {-1, std::numeric_limits<double>::quiet_NaN(),
                              std::numeric_limits<double>::infinity()};
    for (const double t : no_time) {
        std::uint64_t word = 0;
        std::memcpy(&word, &t, sizeof word);
        refused(with_word(results, 10, word));
    }
    refused(with_word(wire::farewell{}, 5, 2));
    refused(with_word(wire::end{call}, 6, 4));
    refused(with_word(wire::interrupted{10}, 5, 0));
    refused(with_word(wire::interrupted{10}, 5, 256));
}

TEST(wire_messages, no_changed_bit_passes_checksums) {
    const char content[2 * sizeof(std::uint64_t) + 5] = {}; // size and checksum of a span, and a body
    for (const wire::message& m : all_kinds()) {
        SCOPED_TRACE(m.index());
        for (const bool whole : {false, true}) {
            wire::frame f{episode_number{9}, 5, 1, 70'005, whole};
            f.checked = true;
            EXPECT_EQ(f.table_size(), 2 * sizeof(std::uint64_t));
            f.content_check =
                wire::checksum(content + f.table_size(), 5, wire::checksum(content, f.table_size()));
            buffer b = encoded(f, m);
            EXPECT_LE(b.size(), wire::longest_header);
            b.append(content, whole ? sizeof content : 0);
            std::vector<std::byte> bytes(b.data(), b.data() + b.size());
            EXPECT_EQ(decoded(bytes).framing.content_check, f.content_check);
            for (std::size_t bit = 0; bit != 8 * bytes.size(); ++bit) {
                const std::byte one = std::byte{1} << bit % 8;
                bytes[bit / 8] ^= one;
                EXPECT_THROW((void)decoded(bytes), mpimap::serialization_error) << bit;
                bytes[bit / 8] ^= one;
            }
        }
    }
}

/// Whatever comes is refused, or it is a message that would be sent like that.
TEST(wire_messages, any_bytes) {
    std::mt19937_64 random(1);
    const std::vector<wire::message> kinds = all_kinds();
    std::size_t accepted = 0;
    for (int i = 0; i < 200'000; ++i) {
        std::vector<std::byte> bytes = bytes_of(with_content, kinds[random() % kinds.size()]);
        for (auto flips = 1 + random() % 4; flips != 0; --flips)
            bytes[random() % bytes.size()] ^= std::byte{static_cast<unsigned char>(1U << random() % 8)};
        bytes.resize(random() % 4 == 0 ? random() % (bytes.size() + 1) : bytes.size());
        try {
            const header h = decoded(bytes);
            EXPECT_EQ(bytes_of(h.framing, h.what), bytes);
            ++accepted;
        } catch (const mpimap::serialization_error&) {
            // Most of them.
        }
    }
    EXPECT_GT(accepted, 0U);
}

} // namespace
