#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <mpimap/detail/job.hpp>
#include <mpimap/errors.hpp>

namespace mpimap::detail {

/// The items that have failed, in order: none, as a rule.
[[nodiscard]] std::vector<std::size_t> items_that_failed(const failures& failed);

void write_failures(writer& out, const failures& failed);
[[nodiscard]] failures read_failures(reader& in);

/// Failures from the `from`-th on are of items that were run one after the other, the first of which is
/// `first` and began at `begin`: `seconds`, when each of them threw, becomes how long it ran. What is short
/// shares the time with those before it, which have not thrown; what is long is itself why there was none
/// before it.
void time_failures(failures& failed, std::size_t from, double begin, std::size_t first) noexcept;

/// There was no memory for a message with so many bytes of something: the text says so.
void tell_size(failure& f, std::uint64_t bytes, const char* of_what) noexcept;

/// How a failed call reaches the other ranks: the text, the counts and the first 64 failures.
void write_map_error(writer& out, const map_error& e);
[[nodiscard]] map_error read_map_error(reader& in);

/// The same of one that was cancelled: the text and the count of items that are done.
void write_cancelled(writer& out, const cancelled& e);
[[nodiscard]] cancelled read_cancelled(reader& in);
/// "the call was cancelled: 120 of 1000 items had run".
[[nodiscard]] cancelled cancelled_after(const std::string& why, completion done, std::size_t items);

/// The same of one that was interrupted.
void write_interrupted(writer& out, const interrupted& e);
[[nodiscard]] interrupted read_interrupted(reader& in);
/// "the call was interrupted by SIGUSR1: 120 of 1000 items had run, 2 had failed". `cause` as of an
/// interruption.
[[nodiscard]] interrupted interrupted_after(int cause, completion done, std::size_t items,
                                            std::size_t failed);
/// Of a call that does not begin.
[[nodiscard]] interrupted interrupted_before(int cause);
/// "SIGUSR1", "the end of the time".
[[nodiscard]] std::string text_of_cause(int cause);

/// How a call has ended, when nothing of it is under way any more.
struct verdict {
    std::optional<map_error> failed;
    std::optional<cancelled> stopped;
    std::optional<interrupted> cut_short;
    [[nodiscard]] bool good() const noexcept { return !failed && !stopped && !cut_short; }
    /// What it is to the caller; nothing if it is good.
    void throw_if_bad() const {
        if (failed)
            throw *failed;
        if (stopped)
            throw *stopped;
        if (cut_short)
            throw *cut_short;
    }
};
struct ending {
    failures failed;
    bool abandoned = false; // before any item: an error in every mode
    bool stopped = false;   // from outside, and items were left
    bool tolerant = false;  // failures of items are the caller's business
    int interrupted_by = 0; // the cause, where items were left for that
};
/// On the root `rank`: the job does what is left to be done, which may fail, too.
[[nodiscard]] verdict conclude(root_job& job, ending how, int rank);

/// What is thrown for the failures of a call, those first that no item caused: see error_of_items().
[[nodiscard]] map_error verdict_of(failures failed, std::size_t items, completion done = {},
                                   const call_of_root& call = {});

} // namespace mpimap::detail
