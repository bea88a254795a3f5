#pragma once

// What a call took: options::report.

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace mpimap {

/// What a call took, as its root knows it when the call is over.
struct report {
    struct rank {
        double busy = 0;       // seconds in which it ran items, without what it does between them
        std::size_t items = 0; // that it ran, each as often as it did
    };
    struct item {
        std::size_t index = 0;
        double seconds = 0;
        int rank = 0;          // where it ran
        std::string arguments; // as in task_error; empty where they are not there any more
    };

    /// From where the root begins to send the call to where all items are settled: less than the whole call
    /// by what ranks need to agree on it, and to hear of its end.
    double seconds = 0;
    /// Those that have their result.
    std::size_t items = 0;
    /// Runs of items, more than one of an item that threw and was tried again.
    std::size_t attempts = 0;
    /// Items that failed for good.
    std::size_t failures = 0;
    /// Bytes of arguments, results and failures that the root sent and received, with what is needed to read
    /// them; without functions, constants and the headers of messages.
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;
    /// By their numbers in the communicator of the call.
    std::vector<rank> ranks;
    /// The five that took longest, the longest first, of those that have their result and were measured one
    /// by one: items of at least some 10 us.
    std::vector<item> slowest;

    /// Seconds in which items ran, on all ranks together: of items of at least 1 ms what they measure
    /// themselves, or, unless other programs want the cores, at most 2 % more.
    [[nodiscard]] double busy() const noexcept;
    /// These, as a part of what all ranks had; 0 of a call that took no time.
    [[nodiscard]] double efficiency() const noexcept;
};

/// As a table, with an end of line: what MPIMAP_REPORT=1 prints.
std::ostream& operator<<(std::ostream& os, const report& r);

} // namespace mpimap
