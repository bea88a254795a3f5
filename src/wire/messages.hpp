#pragma once

// What ranks say to one another: a struct for each kind of message, fixed in size. What only a job can read,
// arguments, results and failures, follows as bytes: the content.

#include <array>
#include <cstddef>
#include <cstdint>
#include <variant>

#include <mpimap/detail/buffer.hpp>
#include <mpimap/detail/job.hpp>

namespace mpimap::detail {

/// Calls of pools are numbered apart from collective ones, of which all ranks know.
enum class call_number : std::uint64_t {};
[[nodiscard]] constexpr call_number number_of_pool_call(std::uint64_t n) noexcept {
    return call_number{(std::uint64_t{1} << 63U) | n};
}
/// A function or a constant that a pool has sent.
enum class part_number : std::uint64_t {};
constexpr part_number no_part{};
/// A collective call, or a pool with all its calls: messages of another are dropped.
enum class episode_number : std::uint64_t {};
constexpr episode_number no_episode{};

namespace wire {

// "Owner" is the rank whose items they are, "runner" one that runs items for it.

/// Runner to owner: the setup of a collective call was read, which results say as well. Or not: then the
/// content is a failure.
struct ready {
    call_number call{};
    bool failed = false;
};
/// Whether items of a chunk may be given back.
enum class return_policy : std::uint32_t {
    never,
    may_return,
    may_return_and_was_late // there were no items when the rank asked for some
};
/// Owner to runner: the content are the arguments of these items, behind those of `skipped` others, where
/// what was encoded for another rank is sent again.
struct chunk {
    call_number call{};
    item_range items;
    return_policy returning = return_policy::never;
    std::uint64_t skipped = 0;
    double asked = 0; // on the owner's clock, where results are to tell times; 0 where not
};
/// What results say of their chunk.
enum class progress : std::uint32_t {
    more, // there are more to come
    finished,
    given_up // what has not run is not to be handed out again
};
/// Of a chunk's items those that took longest, as far as they were measured one by one; the longest first.
struct longest_items {
    struct one {
        std::uint64_t item = 0;
        double seconds = 0;
    };
    static constexpr std::size_t most = 5;
    std::array<one, most> all = {};
    std::uint64_t count = 0;

    void note(std::uint64_t item, double seconds) noexcept;
};
/// When what happened to a chunk, in seconds on the runner's clock; 0 where it did not.
struct chunk_times {
    double asked = 0;   // as in the chunk, by the owner's; 0: there are no times
    double noticed = 0; // its header was there
    double here = 0;    // its arguments, which are read then
    double read = 0;
    double came = 0;  // the last of it
    double began = 0; // the first of the items that these results are of
    double ended = 0; // the last of them
    double sent = 0;  // these
};
/// A name, cut to fit.
using host_text = std::array<char, 64>;
/// Runner to owner: the content are results of items of the oldest chunk that the rank has.
struct results {
    call_number call{};
    item_range items;
    progress chunk = progress::more;
    std::uint64_t not_run = 0; // items at the chunk's end, with its last results
    double seconds = 0;        // that these items took
    double waited =
        0; // how long the rank, idle, waited for the chunk, with its last results; 0 if it did not
    longest_items longest = {}; // of these
    chunk_times times = {};
    host_text host = {}; // the runner's, with the times
};
/// Runner to owner: the content are failures of items of the oldest chunk that the rank has.
struct failed {
    call_number call{};
    std::uint64_t count = 0;
};
/// Runner to owner: items at the end of a chunk that have not been run, and wait behind one that takes long.
struct returned {
    call_number call{};
    item_range items;
};
/// Owner to runner: run no more items.
struct stop {
    call_number call{};
};
enum class outcome : std::uint32_t { succeeded, failed, cancelled, interrupted };
/// Owner to runner: a collective call is over. The content is the map_error, or what was cancelled or
/// interrupted.
struct end {
    call_number call{};
    outcome how = outcome::succeeded;
};

/// Runner to owner: this rank was asked to come to an end, and all are to.
struct interrupted {
    std::uint64_t cause = 0; // as of an interruption
};

// In pools only.

/// Owner to runner, or from runner to runner: the content is to be kept.
struct part {
    part_number number = no_part;
    bool lost = false; // on its way: there was no memory for it
};
/// Owner to runner: that part comes from another rank, or from the owner, and is to be sent on to the ranks
/// that the content names.
struct relay {
    part_number number = no_part;
};
/// Owner to runner: it will not be used again.
struct forget {
    part_number number = no_part;
};
/// Owner to runner: a call begins, the content says of what parts.
struct open {
    call_number call{};
};
/// Runner to owner: the call cannot be served, the content is a failure.
struct refused {
    call_number call{};
};
/// Owner to runner: the call is over.
struct release {
    call_number call{};
};
/// Runner to owner: the set-up of the pool failed here, the content is a failure.
struct broken {};
/// Owner to runner: the pool is closed; and back: nothing will follow.
struct farewell {
    bool at_once = false;      // nobody waits for results
    bool program_over = false; // the rank is to end as a program does that is at its end
};

using message = std::variant<ready, chunk, results, failed, returned, stop, end, part, relay, forget, open,
                             refused, release, broken, farewell, interrupted>;

/// The call that a message is of, 0 if of none.
[[nodiscard]] call_number call_of(const message& m) noexcept;

/// What is ahead of a message for whoever cuts and joins it.
struct frame {
    episode_number episode = no_episode;
    std::uint64_t body_size = 0; // of the content, bytes
    std::uint64_t span_count = 0;
    std::uint64_t bytes = 0; // body and spans
    bool whole = false;      // the table of the spans and the body follow at once
    bool checked = false;    // there are checksums: of the header, of table and body, and of each span
    std::uint64_t content_check = 0;

    /// Bytes of what says how large the spans are: 64 bits each, and behind these their checksums.
    [[nodiscard]] std::size_t table_size() const noexcept {
        return static_cast<std::size_t>(span_count) * (checked ? 2 : 1) * sizeof(std::uint64_t);
    }
};

/// XXH3 with 64 bits; with that of what is before it, where there is such.
[[nodiscard]] std::uint64_t checksum(const void* bytes, std::size_t size, std::uint64_t before = 0) noexcept;
/// Throws serialization_error where what has come has another checksum than its sender has said.
void verify(std::uint64_t come, std::uint64_t said);
/// The same of the table and the body behind it, where there is a checksum.
void verify_content(const frame& f, const std::byte* table);

/// Appends it to `out`: at most `longest_header` bytes.
void encode(const frame& f, const message& m, buffer& out);
constexpr std::size_t longest_header = 42 * sizeof(std::uint64_t);

/// Of the `size` bytes that have come: a header, whose size it returns, and behind it what is `whole`. Throws
/// serialization_error where they are no message of ours: another kind, numbers that contradict each other or
/// that no memory has room for.
std::size_t decode(const std::byte* bytes, std::size_t size, frame& framing, message& what);

} // namespace wire
} // namespace mpimap::detail
