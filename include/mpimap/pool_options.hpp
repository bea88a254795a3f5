#pragma once

// Options of a pool.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace mpimap {

/// Options of a pool. The root's count, but `root` must be the same on every rank, and each rank runs the
/// `set_up` that it passed itself.
///
///     mpimap::pool pool(world, {.window = 100, .root_computes = false});
struct pool_options {
    /// The rank that runs the program.
    int root = 0;
    /// How many items `imap` and `uimap` may have read whose results the loop has not taken. More is read
    /// when half of them are taken, or when the other ranks have nothing left to do. 0: 16 per rank until the
    /// size of an item is known, then as many as are about 64 MiB with their results, at least two per rank
    /// and at most 65,536, or what passes in 4 ms where that is more (up to 262,144).
    std::size_t window = 0;
    /// How much of functions and constants each rank keeps for later calls, in bytes of their encodings. What
    /// is in use stays in any case, and so do shared values while their handles live; of the rest the longest
    /// unused goes first.
    std::size_t cache_bytes = std::size_t{256} * 1024 * 1024;
    /// Whether the root runs items, too, while it waits. Without: it answers the other ranks at once. It runs
    /// its slices of `schedule::static_` and its part of pool::finish even so, and all items if it is alone.
    bool root_computes = true;
    /// Runs on every rank, the root too, inside the constructor, before any item: opens files, seeds
    /// libraries, picks a device. If it throws on some rank, all calls throw broken_pool, which says where
    /// and why.
    std::function<void()> set_up = {};
    /// What the random streams of submissions begin with, see task::random(); other calls have options::seed.
    /// All submissions of the pool are one call, and numbered in the order in which they are made.
    std::optional<std::uint64_t> seed = {};
    /// A name for that call, see options::stream. Without one it is counted at the first submission.
    std::string stream = {};
};

} // namespace mpimap
