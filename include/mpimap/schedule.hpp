#pragma once

namespace mpimap {

/// How items are divided among the ranks. A value given before the function, never part of it.
///
/// Chunk sizes are pure functions of what has been measured so far; results do not depend on the schedule.
enum class schedule {
    /// The default. Chunks bounded by time (about a millisecond at the mean item time seen so far) and by
    /// bytes, single items at first, shrinking when little is left; ranks ask for more as they finish. The
    /// range is taken from both ends, more where items take longer: the long ones should go first. `.chunk`
    /// fixes the size.
    automatic,
    /// One contiguous slice per rank, decided before the first item; with `.chunk`, blocks of that size dealt
    /// round-robin. Least traffic, no balancing.
    static_,
    /// Chunks of a fixed size (`.chunk`, 1 without it), handed out on request. Kruskal & Weiss 1985.
    dynamic,
    /// Each chunk is a share remaining/P of what is left, never below `.chunk`. Polychronopoulos & Kuck 1987.
    guided,
    /// Rounds of P equal chunks, each round half of what is left, never below `.chunk`. Hummel et al. 1992.
    factoring,
};

} // namespace mpimap
