#pragma once

// What the engine knows of a call: no types, only counts and bytes. Templates (served_call.hpp,
// root_call.hpp) end here.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <mpimap/detail/call_facts.hpp>
#include <mpimap/detail/index_set.hpp>
#include <mpimap/detail/stream.hpp>
#include <mpimap/errors.hpp>

namespace mpimap::detail {

struct item_range {
    std::size_t first = 0;
    std::size_t count = 0;
    [[nodiscard]] std::size_t end() const noexcept { return first + count; }
};

/// A rank of a communicator of so many.
struct place {
    int rank = 0;
    int size = 1;
};

using failures = std::vector<failure>;

/// A message being filled: bytes, spans of memory sent from where it is, and what keeps that memory alive.
struct outgoing {
    writer out;
    std::shared_ptr<const void> keep;
    std::shared_ptr<const writer> shared = {}; // sent instead of `out`, to several ranks
    std::shared_ptr<const void> owner = {};    // more that lives as long

    [[nodiscard]] const writer& content() const noexcept { return shared ? *shared : out; }
    /// Forgets all but the memory for bytes, to be filled again.
    void clear() {
        out.clear();
        keep.reset();
        shared.reset();
        owner.reset();
    }
};

/// The arguments of some consecutive items at a rank that was sent them, and the results made of them.
class chunk {
  public:
    virtual ~chunk();

    /// Runs items [from, to), offsets within the chunk; with `stop`, not those behind the first that throws.
    /// Runs user code. Gives the offset of the first item not run.
    virtual std::size_t run(std::size_t from, std::size_t to, bool stop, failures& failed) = 0;

    /// Appends the results of items [from, to) to the message and gives the offset behind the last one
    /// written: less than `to` if that item's result could not be encoded, which is then a failure, and a
    /// later call, for another message, starts there. Where message.keep is null then, the chunk itself must
    /// live as long as the message.
    virtual std::size_t write_results(std::size_t from, std::size_t to, outgoing& message,
                                      failures& failed) = 0;
    /// Whether results are encoded one by one, so that they can be written while later items run. Then what
    /// has been sent takes no memory any more.
    [[nodiscard]] virtual bool writes_as_it_runs() const { return false; }
};

/// The function and the broadcast values at a rank that serves a call.
class kernel {
  public:
    virtual ~kernel();

    /// What is particular to a call: the number of its items, the bounds of indices.
    virtual void read_bounds(reader& in) = 0;
    /// The parts that calls may have in common: those of the function, one or two, then each broadcast value.
    [[nodiscard]] virtual std::size_t parts() const = 0;
    /// Decodes a part. Gives what may serve later calls, too; nothing where each call needs its own.
    virtual std::shared_ptr<void> read_part(std::size_t i, reader& in) = 0;
    /// Instead of read_part: what it gave at an earlier call.
    virtual void use_part(std::size_t i, std::shared_ptr<void> part) = 0;
    /// All of them, one after the other.
    void read_setup(reader& in) {
        read_bounds(in);
        for (std::size_t i = 0; i < parts(); ++i)
            read_part(i, in);
    }

    /// Decodes a chunk, ahead of which are the arguments of `skipped` others. `readable` becomes the number
    /// of items before the first whose arguments could not be decoded; that one, if it is of the chunk, is
    /// then a failure, and the items behind it were not read.
    virtual std::unique_ptr<chunk> read_chunk(item_range items, std::size_t skipped, reader& in,
                                              std::size_t& readable, failures& failed) = 0;
};

/// What has become of the items of a call.
struct item_fates {
    index_set done;     // they have their results, in place by the end of the call
    index_set given_up; // they were handed out, but the call was stopped before they had run; some may have
                        // failed, too: their arguments could not be decoded
};

/// Results that lie at the root and have not been taken.
struct untaken_results {
    std::size_t items = 0;
    double room = std::numeric_limits<double>::infinity(); // bytes more, until it is as much as is meant to
    std::size_t awaited = 0;                               // the first item that is still to be taken
};

/// What a call that grows has to say, besides, of the items that come and go.
class growing_items {
  public:
    /// Items that failed, as it happens; what is no item's concerns all that have not run.
    virtual void take_failures(failures failed) = 0;
    [[nodiscard]] virtual untaken_results untaken() = 0;
    /// How many there will be in all, where that is known.
    [[nodiscard]] virtual std::optional<std::size_t> expected() const = 0;

  protected:
    ~growing_items() = default;
};

/// What results of a call belong to, by type: names as typeid gives them.
struct call_types {
    const char* function = "";
    const char* result = ""; // of an item; void where none is kept
    bool folds = false;      // results travel folded with one another
};

/// The call at its root: arguments, the root's own copy of the function, the place for results.
class root_job {
  public:
    root_job();
    virtual ~root_job();

    [[nodiscard]] virtual std::size_t items() const = 0;

    // The same as kernel reads.
    virtual void write_bounds(writer& out) = 0;
    [[nodiscard]] virtual std::size_t parts() const = 0;
    [[nodiscard]] virtual std::size_t parts_of_function() const = 0;
    virtual void write_part(std::size_t i, writer& out) = 0;
    /// All of them, one after the other. Gives the size of the bounds.
    std::size_t write_setup(writer& out) {
        write_bounds(out);
        const std::size_t size = out.position().body;
        for (std::size_t i = 0; i < parts(); ++i)
            write_part(i, out);
        return size;
    }
    /// What a part is known by besides its bytes: an address of which there is one per type.
    [[nodiscard]] virtual const void* part_type(std::size_t i) const = 0;
    /// A part that was sent before the call and stays, if it is one.
    [[nodiscard]] virtual std::shared_ptr<void> part_in_store(std::size_t i) const = 0;

    /// Makes the root's own copy of the function, part by part; the root reads constants where they are. As
    /// with kernel::read_part, what it gives may serve later calls.
    virtual std::shared_ptr<void> read_function(std::size_t i, reader& in) = 0;
    virtual void use_function(std::size_t i, std::shared_ptr<void> part) = 0;

    /// Writes the arguments of a chunk. Less than `count` is given back when an item could not be read or
    /// encoded, which is then a failure; what was written is not to be sent.
    virtual std::size_t write_chunk(item_range items, outgoing& message, failures& failed) = 0;

    /// Runs items [first, first + count) where they are; gives the number of items that need not be run
    /// again.
    virtual std::size_t run_here(item_range items, bool stop, failures& failed) = 0;

    /// Of the results that are read next, those of these items are none: they failed. In order; for jobs that
    /// look at single results before all have come, or have memory of the caller's filled.
    virtual void skip_results(const std::vector<std::size_t>&) {}

    /// Decodes the results of a chunk into place; `complete` (if set) is called when all spans have arrived.
    /// Less than `count` as for write_chunk.
    virtual std::size_t read_results(item_range items, reader& in, failures& failed,
                                     std::function<void()>& complete) = 0;

    /// Encodes results that are in place, and have not been given to the caller, as the ranks that made them
    /// do; of items that nobody wants any more there may be none, or zeros. Large ones are referred to where
    /// they are. False where items have none of their own. May run code of the user's, and throw what it
    /// does.
    virtual bool write_results(item_range, writer&) { return false; }

    // For who keeps what becomes of the items, from one program to the next.

    [[nodiscard]] virtual call_types types() const { return {}; }
    /// What all items have in common besides the function: constants, and where indices begin. The same
    /// wherever the call is made.
    virtual void write_common(writer&) {}
    /// Of calls that fold results here: keeps what comes of each run_here, encoded, for the next function.
    virtual void keep_last_run() {}
    /// Whether the item has a result, which somebody may want.
    [[nodiscard]] virtual bool has_result(std::size_t) { return true; }
    /// What came of the last run_here. False where single results can be had.
    virtual bool write_last_run(writer&) { return false; }

    /// The arguments of an item as text, as in a failure; empty where they are not there any more. May run
    /// code of the user's.
    [[nodiscard]] virtual std::string text_of_arguments(std::size_t) noexcept { return {}; }

    /// What must still be done on the root when all results are in place, before the verdict, such as filling
    /// a range of the user's or building what the call returns. `failed` is empty, except in tolerant calls.
    /// What it throws is a failure of no item; it may add failures of items. In tolerant calls some items may
    /// have neither a result nor a failure: see done().
    void on_finish(std::function<void(failures&)> f);
    void finish(failures& failed);

    /// Instead, where the call is about to throw: what the caller is to have of results that are there, see
    /// done(). May add failures of items.
    void on_partial_finish(std::function<void(failures&)> f);
    void finish_partly(failures& failed);

    /// As the engine's ledger knows them: no item is done twice. Not of calls that grow, which look at single
    /// items themselves.
    [[nodiscard]] item_fates& fates() noexcept { return fates_; }
    [[nodiscard]] const index_set& done() const noexcept { return fates_.done; }
    [[nodiscard]] const index_set& given_up() const noexcept { return fates_.given_up; }
    /// Results from there on could not be given to the caller.
    void not_done_from(std::size_t item) { fates_.done.cut(item); }
    /// Which items have their results, for exceptions.
    [[nodiscard]] completion completed() const { return {fates_.done.size(), fates_.done.ranges()}; }

    /// To be set before the bounds are written.
    [[nodiscard]] const call_facts& facts() const noexcept { return facts_; }
    void set_facts(const call_facts& facts) noexcept { facts_ = facts; }
    [[nodiscard]] std::uint64_t ordinal() const noexcept { return facts_.ordinal; }

    /// Null where all items were there at the beginning.
    [[nodiscard]] virtual growing_items* growing() noexcept { return nullptr; }

    /// Bytes that one item sends and gets back, as far as known beforehand; 0 if what it sends is not known.
    [[nodiscard]] virtual std::size_t bytes_per_item() = 0;
    /// Whether write_chunk and read_results run no user code, and thus may be called from the helper's and
    /// the deputy's thread.
    [[nodiscard]] virtual bool plain_arguments() const = 0;
    [[nodiscard]] virtual bool plain_results() const = 0;
    /// Chunks of at least this size end at a multiple of it.
    [[nodiscard]] virtual std::size_t granularity() const { return 1; }

  private:
    item_fates fates_;
    call_facts facts_;
    std::function<void(failures&)> finish_;
    std::function<void(failures&)> finish_partly_;
};

/// Which call of the program it is, see next_call_ordinal(), and the rank that makes it. 0 where it does not
/// count.
struct call_of_root {
    std::uint64_t ordinal = 0;
    int root = 0;
};
/// What is thrown for failures of a call. The text ends with how the first item is run again, if it is one
/// that has run.
[[nodiscard]] map_error error_of_items(std::vector<task_error> errors, std::size_t items, completion done,
                                       const call_of_root& call);

/// Makes the root's own copy of a part of the function from what is sent to the others. What it gives may
/// serve later calls.
[[nodiscard]] std::shared_ptr<void> copy_part_of_function(root_job& job, std::size_t part,
                                                          const writer& encoded);
/// The same of all parts, written for the purpose.
void copy_function(root_job& job);

} // namespace mpimap::detail
