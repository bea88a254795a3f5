#pragma once

// What a journal consists of: records, one behind the other, each by itself whole or not. Bytes in memory;
// who reads and writes files is elsewhere.
//
// A record is a header of eight words and what it says, filled up to whole words. The header has a checksum
// of its own: a length that was damaged costs that record, and not all behind it. Both sums depend on a
// number that each journal has for itself, so that nothing in a result looks like a record, not even a
// journal.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <mpimap/detail/buffer.hpp>
#include <mpimap/detail/job.hpp>

namespace mpimap::detail::journal {

enum class kind : std::uint32_t {
    run = 1,    // a program begins to use it: run_info
    call,       // of that program: what it belongs to
    digests,    // of a call's arguments
    results,    // of items
    failures,   // of items
    handed_out, // items that begin to run
    end,        // the program has closed it
    singles,    // results of items of a call that grows, each with a sum of its arguments
    finished    // the call has come to its end, with so many items
};

struct record {
    kind what = kind::run;
    std::uint64_t call = 0; // its number among those of the journal; 0 for none
    item_range items = {};
    std::uint64_t arguments = 0; // a sum of those of the items, where there is one
};

/// A sum (XXH3, 64 bits) of bytes that come in pieces.
class checksum {
  public:
    explicit checksum(std::uint64_t journal) noexcept;
    void add(const void* bytes, std::size_t size) noexcept;
    [[nodiscard]] std::uint64_t value() const noexcept;

  private:
    struct alignas(64) state {
        std::array<std::byte, 576> bytes;
    } state_;
};

constexpr std::size_t header_size = 8 * sizeof(std::uint64_t);
using header = std::array<std::byte, header_size>;
/// `length` bytes follow, with that sum, and so many zeros that it is whole words.
[[nodiscard]] header header_of(std::uint64_t journal, const record& what, std::uint64_t length,
                               std::uint64_t sum) noexcept;
[[nodiscard]] constexpr std::size_t padding_of(std::uint64_t length) noexcept {
    return static_cast<std::size_t>(-length % sizeof(std::uint64_t));
}
/// All of it.
void append(buffer& out, std::uint64_t journal, const record& what, const void* bytes, std::size_t size);

/// What a program says of itself when it begins to use a journal, and of how it writes: other programs must
/// write the same way. It is the first record, twice, so that one that is damaged costs nothing.
struct run_info {
    std::uint64_t journal = 0; // its own number
    double began = 0;          // seconds since 1970
    std::uint64_t ranks = 0;   // of the program's MPI_COMM_WORLD
    std::uint64_t program = 0; // its build
    std::string host = {};
    std::string job = {}; // what the batch system calls it; empty where there is none

    friend bool operator==(const run_info&, const run_info&) = default;
};
void append(buffer& out, const run_info& run);

/// What can be read of it. Throws invalid_argument, which names the file and what is wrong with it, where
/// this is no journal, or was written in another way: by a later version of the library, on a machine of
/// another kind.
class scanner {
  public:
    scanner(std::span<const std::byte> file, const std::string& name);

    struct found {
        record what;
        std::span<const std::byte> content;
    };
    /// The next record that is whole; nothing behind the last one.
    [[nodiscard]] std::optional<found> next();

    /// Whether a file is nothing but the beginning of one that has been cut off, if that: there is nothing to
    /// be lost.
    [[nodiscard]] static bool is_fresh(std::span<const std::byte> file) noexcept;

    /// Of the journal.
    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
    /// Where there is something that is no record, or no longer one, so far.
    struct damage {
        std::size_t from = 0;
        std::size_t to = 0;
    };
    [[nodiscard]] const std::vector<damage>& damaged() const noexcept { return damaged_; }
    /// Behind the last record so far that is whole. What follows the last one is what was being written when
    /// the program ended, and the next goes there: at a whole word, which may be behind the end of the file.
    [[nodiscard]] std::size_t end() const noexcept { return end_; }

  private:
    struct candidate {
        record what;
        std::size_t length = 0;
        std::uint64_t sum = 0;
    };
    /// A header that is whole, and, unless it is the last one of the file, all that it announces is there.
    [[nodiscard]] std::optional<candidate> header_at(std::size_t at) const;
    [[nodiscard]] bool is_whole(std::size_t at, const candidate& c) const;
    [[nodiscard]] std::size_t behind(std::size_t at, const candidate& c) const noexcept {
        return at + header_size + c.length + padding_of(c.length);
    }

    std::span<const std::byte> file_;
    std::uint64_t number_ = 0;
    std::size_t at_ = 0;
    std::size_t end_ = 0;
    std::vector<damage> damaged_;
};

/// Of a record of that kind. Throws serialization_error where it says nothing of the sort.
[[nodiscard]] run_info read_run(std::span<const std::byte> content);

} // namespace mpimap::detail::journal
