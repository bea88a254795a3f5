#pragma once

// What a journal says of calls: made of its records, in the order in which they were written. Later ones come
// before earlier ones. Machines, without files.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <mpimap/detail/buffer.hpp>
#include <mpimap/detail/index_set.hpp>
#include <mpimap/errors.hpp>

#include "journal/entry.hpp"
#include "journal/record.hpp"

namespace mpimap::detail::journal {

/// What results belong to, besides their arguments.
struct call_info {
    std::string function;    // its type; or what the program calls it, options::journal_key
    bool named = false;      // the latter
    std::uint64_t state = 0; // a sum of the function and of broadcast values, as bytes; 0 where named
    std::string result;      // the type
    std::optional<std::uint64_t> seed = {};
    std::string stream = {}; // options::stream

    friend bool operator==(const call_info&, const call_info&) = default;
};
void append(buffer& out, std::uint64_t journal, std::uint64_t call, const call_info& info);
/// Throws serialization_error.
[[nodiscard]] call_info read_call(std::span<const std::byte> content);
/// Why results of `before` are none of `now`, with both sides; empty where they are.
[[nodiscard]] std::string difference(const call_info& before, const call_info& now);

/// Arguments are known by a sum for so many items, the last one of those that are left.
constexpr std::size_t items_per_block = 4096;
[[nodiscard]] constexpr std::size_t block_of(std::size_t item) noexcept {
    return item / items_per_block;
}
struct block_sum {
    std::uint64_t items = 0; // of the block
    std::uint64_t sum = 0;

    friend bool operator==(const block_sum&, const block_sum&) = default;
};
/// What records of these items have of their arguments. Sums of a journal, which may be fewer: 0 then, which
/// no record has.
[[nodiscard]] std::uint64_t arguments_of(item_range items, std::span<const block_sum> sums) noexcept;
/// Of neighbouring blocks, the first of which begins with that item.
void append(buffer& out, std::uint64_t journal, std::uint64_t call, std::size_t first,
            std::span<const block_sum> sums);

/// What is there of a call for another one with the same arguments, or some of them.
struct kept_items {
    /// Results, or failures, of items that are neighbours.
    struct entry {
        item_range items;
        std::uint64_t arguments = 0;
        std::span<const std::byte> content = {};
    };
    std::vector<entry> results; // of no item twice, in the order in which they were written
    std::vector<entry> failures;
    std::vector<item_range> suspects; // items that had been begun when the program ended, in order
};

class call_contents {
  public:
    using entry = kept_items::entry;
    explicit call_contents(call_info info) : info_(std::move(info)) {}

    [[nodiscard]] const call_info& info() const noexcept { return info_; }
    [[nodiscard]] const std::vector<block_sum>& sums() const noexcept { return sums_; }
    /// How many blocks of the first `sums` are the same as here.
    [[nodiscard]] std::size_t same_blocks(std::span<const block_sum> sums) const;
    /// Of blocks with these sums. What is later comes before what is earlier: a result that was had again,
    /// or a failure behind which there is one.
    [[nodiscard]] kept_items of(std::span<const block_sum> sums) const;
    /// How often a program has begun the item since the last one that came to its end, and since it failed:
    /// with arguments of these sums, or, without, with any; `alone`: by itself.
    [[nodiscard]] std::size_t times_begun(std::size_t item, std::optional<std::span<const block_sum>> sums,
                                          bool alone) const;
    /// Of whatever arguments the last ones were.
    [[nodiscard]] kept_items all() const { return of(sums_); }

    /// Of calls that grow, in the order in which they were written.
    [[nodiscard]] const std::vector<entry>& singles() const noexcept { return singles_; }
    [[nodiscard]] const std::vector<entry>& failures() const noexcept { return failures_; }
    /// Whether it has come to its end.
    [[nodiscard]] bool has_ended() const noexcept { return ended_; }
    /// How many items it has, as far as that is known.
    [[nodiscard]] std::size_t items() const noexcept { return items_; }

    // Records, as they come.

    void has_sums(std::size_t first_block, std::span<const block_sum> sums);
    void has_results(entry e) { add(results_, e); }
    void has_singles(entry e) { add(singles_, e); }
    void has_failures(entry e) { add(failures_, e); }
    void begins(std::size_t run, std::uint64_t rank, const record& what);
    void ends(std::size_t items);
    /// The program has ended with nothing under way.
    void closed() noexcept { begun_.clear(); }

  private:
    struct begun {
        std::size_t run; // of the program
        std::uint64_t rank;
        item_range items;
        std::uint64_t arguments;
        std::size_t failures; // that there were before
    };
    void add(std::vector<entry>& to, entry e);
    [[nodiscard]] bool select_all(std::span<const block_sum> sums, kept_items& kept,
                                  index_set& settled) const;
    void select_last(std::span<const block_sum> sums, kept_items& kept, index_set& settled) const;
    [[nodiscard]] std::vector<item_range> suspects(std::span<const block_sum> sums,
                                                   const index_set& settled) const;

    call_info info_;
    std::vector<block_sum> sums_; // of blocks
    std::vector<entry> results_;
    std::vector<entry> singles_;
    std::vector<entry> failures_;
    std::vector<begun> begun_;
    std::size_t items_ = 0;
    bool ended_ = false;
};

/// Finds what is there of single items, in about the order of their numbers.
class singles_index {
  public:
    explicit singles_index(const call_contents& call);

    /// The last result of that item with arguments of that sum; nothing where there is none.
    [[nodiscard]] std::optional<encoded> find(std::size_t item, std::uint64_t sum);
    /// Of all items, with whatever arguments, those that there are; how many.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  private:
    struct place {
        kept_items::entry record;
        std::size_t order;
    };
    void open(const kept_items::entry& record);

    std::vector<place> records_; // by their first items
    std::size_t longest_ = 0;    // in items
    std::size_t size_ = 0;
    const std::byte* open_ = nullptr; // the record that was looked at last
    std::vector<single> items_;       // of it
};

class contents {
  public:
    /// Reads all of a file; of several, one after the other.
    void read(scanner& file);

    [[nodiscard]] const std::vector<run_info>& runs() const noexcept { return runs_; }
    /// By their numbers.
    [[nodiscard]] const std::map<std::uint64_t, call_contents>& calls() const noexcept { return calls_; }
    /// Whether the last program that used it has closed it.
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    /// Records that were whole, and said nothing that could be understood.
    [[nodiscard]] std::size_t strange() const noexcept { return strange_; }

  private:
    void heed(const scanner::found& f, std::uint64_t journal);

    std::vector<run_info> runs_;
    std::map<std::uint64_t, call_contents> calls_;
    bool closed_ = false;
    std::size_t strange_ = 0;
};

} // namespace mpimap::detail::journal
