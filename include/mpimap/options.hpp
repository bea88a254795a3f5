#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <mpimap/errors.hpp>
#include <mpimap/report.hpp>
#include <mpimap/schedule.hpp>

namespace mpimap {

/// Who gets the results: the root alone, or every rank of the communicator (one broadcast of all results).
/// In calls of a pool the root.
enum class results { root, everywhere };

/// What zipped ranges of unequal length mean: an error on every rank, or the length of the shortest.
enum class zip { strict, shortest };

/// What an item that throws means for the others: hand out no more, or run all items; then throw `map_error`.
enum class on_error { stop, collect };

/// When a record of the journal is on disk: a second after it has come, or before anything else is done.
enum class journal_sync { every_second, every_record };

/// What becomes of items that failed when a later program makes the same call: they are run again, or have
/// failed.
enum class journal_failures { run_again, keep };

/// What a call does when its journal cannot be written any more, such as on a full disk: it goes on and says
/// so at the end, on the standard error, or it throws.
enum class journal_full { go_on, stop };

/// Options of a map, given before the function: `mpi_map(world, {.schedule = schedule::dynamic, .chunk = 8},
/// f, xs)`.
///
/// The root's values count (as with the arguments of `MPI_Scatter`), but `root` itself must be the same on
/// every rank. Options never change a return type. New fields are added at the end only.
struct options {
    /// The rank whose arguments, function and options count and which gets the results. Not in calls of a
    /// pool, which has its root from its construction.
    int root = 0;
    mpimap::schedule schedule = mpimap::schedule::automatic;
    /// `static_`: blocks of this size, round-robin. `dynamic`: the chunk size. `guided`, `factoring`: the
    /// least. `automatic`: fixes the chunk size. Items; 0 and more than SIZE_MAX/2 (a negative number) throw.
    std::optional<std::size_t> chunk = {};
    /// One estimate of the cost of each item, any unit, finite and not negative: the longest are handed out
    /// first.
    std::vector<double> costs = {};
    mpimap::results results = mpimap::results::root;
    mpimap::zip zip = mpimap::zip::strict;
    mpimap::on_error on_error = mpimap::on_error::stop;
    /// When a stop is requested, items that have not started are not run: those that run finish, then the
    /// call throws `cancelled` with what is done, or map_error if any threw. `try_map` returns. If all items
    /// had run nothing happens.
    std::stop_token stop = {};
    /// How often an item is run at most, while it throws: 3 is one run and two retries. Not on a rank where
    /// it has failed before, as long as there is one where it has not. Only the last exception of an item
    /// that fails for good is reported. What is no item's failure, such as a function that cannot be decoded,
    /// is not retried. In `map_reduce` the results of items travel one by one then. 0 throws.
    std::size_t attempts = 1;
    /// Which failures are worth another attempt; all, if empty. Called on the root, on its main thread,
    /// between items: keep it short. If it throws, that is the item's failure, for good.
    std::function<bool(const task_error&)> retry_if = {};
    /// What the random streams of the items begin with, see task::random(): the same seed gives the same
    /// numbers, on any number of ranks and with any schedule.
    std::optional<std::uint64_t> seed = {};
    /// A name that tells the random streams of this call from those of others with the same seed. Without one
    /// that is the number of the call, from 1, among those of the root's process, over all communicators and
    /// pools: calls of several threads, and on communicators with different roots, want a name. One that an
    /// item makes throws invalid_argument if it has a seed and no name.
    std::string stream = {};
    /// How long an item may run, on whatever rank; 0 is for ever. One that runs longer is noticed within a
    /// second. Nobody can stop it: it is said on the standard error which it is and how it is run again, and
    /// the job ends with exit code 124. Each rank has a thread that looks at its own items, if this is set.
    /// Throws invalid_argument if it is negative or no number.
    std::chrono::duration<double> item_timeout = {};
    /// Shows on the root's standard error how far the call is: on a terminal a bar that moves, elsewhere a
    /// line when a tenth more is done and a minute has passed, and every half hour. MPIMAP_PROGRESS=bar,
    /// lines, 1 or 0 is for all calls, and comes before this. The time left goes by the last minutes, or by
    /// `.costs`. Costs nothing while it is off.
    bool progress = false;
    /// What the call took is put there, at the root, when it is over, however it ends: of `imap` and `uimap`
    /// when the range goes, of `amap` when the future has been got or goes. It must live as long.
    /// MPIMAP_REPORT=1 prints it of all calls, on the standard error. A call without items leaves it empty.
    mpimap::report* report = nullptr;
    /// A file in which the root keeps results as they come: a later program that makes the same call has what
    /// is there, on any number of ranks and with any schedule, and runs the rest. Calls that share a file are
    /// told apart by their order in the program. Throws invalid_argument where the file is no journal,
    /// another program writes to it, or it cannot be written; and where it belongs to another function, by
    /// its type and what it holds, another type of results, or another seed. Arguments are compared 4,096 at
    /// a time (in imap and uimap one by one): where they differ items are run. For calls of single items,
    /// submit and everywhere, it is not used.
    std::string journal = {};
    /// What the function is known by in the journal, instead of its type and what it holds: for one that
    /// changes in ways that do not matter.
    std::string journal_key = {};
    mpimap::journal_sync journal_sync = mpimap::journal_sync::every_second;
    mpimap::journal_failures journal_failures = mpimap::journal_failures::run_again;
    mpimap::journal_full journal_full = mpimap::journal_full::go_on;
    /// When the call must have ended, by the root's clock. Items that would not end `margin` before it, by
    /// their mean so far or by `.costs`, are not started; then the call throws `interrupted` on every rank,
    /// and `try_map` returns. Items that run at the deadline itself are given up, and with them the job, with
    /// exit code 75. MPIMAP_DEADLINE, seconds since 1970 or +seconds from the program's start, is for all
    /// calls, and so is SLURM_JOB_END_TIME for those with a journal, or in run_main: the earliest counts.
    std::optional<std::chrono::system_clock::time_point> deadline = {};
    /// How long before its deadline the call is to have ended, and how long items that run may go on after a
    /// signal. Seconds; if not given MPIMAP_MARGIN, or 10. Throws invalid_argument if it is negative or no
    /// number.
    std::optional<std::chrono::duration<double>> margin = {};
};

} // namespace mpimap
