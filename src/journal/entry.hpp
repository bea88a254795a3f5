#pragma once

// What records of results and of failures hold, besides what a job has encoded.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <mpimap/detail/buffer.hpp>
#include <mpimap/detail/job.hpp>
#include <mpimap/detail/stream.hpp>

#include "journal/words.hpp"
#include "wire/messages.hpp"

namespace mpimap::detail::journal {

/// Results of items that are neighbours: where, when and how long they ran.
struct ran {
    std::uint64_t rank = 0;
    double seconds = 0;                    // all of them together
    double ended = 0;                      // since 1970
    std::vector<std::size_t> without = {}; // of these there are none here: they failed
    wire::longest_items longest = {};      // of several, those that were measured one by one

    [[nodiscard]] bool all() const noexcept { return without.empty(); }
};
/// Of what is appended, how many words there are before the number of those.
constexpr std::size_t words_ahead_of_without = 3;
void append(buffer& out, const ran& how);
/// Throws serialization_error, as all that reads from a cursor.
[[nodiscard]] ran read_ran(word_cursor& in);

/// What a job has encoded, and a reader reads: bytes, and memory that is sent from where it is.
struct encoded {
    std::vector<std::uint64_t> span_sizes = {};
    std::span<const std::byte> body = {};
    std::vector<std::span<const std::byte>> spans = {};

    [[nodiscard]] reader read() const {
        return reader(body.data(), body.size(), span_sizes.data(), span_sizes.size());
    }
    /// To where the reader has said, as far as there is room.
    void copy_spans(const std::vector<target_span>& targets) const;
};
[[nodiscard]] encoded encoded_of(const writer& out);
/// What is ahead of body and spans.
void append_sizes(buffer& out, const encoded& what);
/// All of it, filled up to whole words.
void append(buffer& out, const encoded& what);
[[nodiscard]] encoded read_encoded(word_cursor& in);

/// Of a call that grows nobody knows the arguments beforehand: each item has a sum of its own, ahead of its
/// result.
struct single {
    std::uint64_t sum = 0;
    encoded result = {};
};
void append(buffer& out, const single& item);
[[nodiscard]] single read_single(word_cursor& in);

} // namespace mpimap::detail::journal
