#pragma once

// How far calls are, as text: pure functions.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <mpimap/detail/job.hpp>

namespace mpimap::detail {

/// What is shown of a call, or of several together.
struct progress_state {
    std::size_t calls = 1;
    std::uint64_t call = 0;           // the ordinal of the only one; 0 where it does not count
    std::size_t done = 0;             // items that have a result
    std::size_t failed = 0;           // and will not be tried again
    std::optional<std::size_t> items; // nothing where nobody knows how many there will be
    double seconds = 0;               // since the first of them began
    double rate = 0;                  // items per second, lately; 0 where that is not known yet
    std::optional<double> left;       // seconds
    std::size_t at_work = 0;          // ranks
    std::size_t ranks = 1;
    bool over = false;

    [[nodiscard]] std::size_t settled() const noexcept { return done + failed; }
};

/// A line for a log, without its end: "mpimap: call 1: 300 of 1000 items (30 %), 2 failed, 51.2 items/s, 7 of
/// 8 ranks at work, 14 s left".
[[nodiscard]] std::string progress_line(const progress_state& s);
/// A line for a terminal, exactly so many columns wide, at least 20: a bar, and behind it what there is room
/// for, what matters least left out first.
[[nodiscard]] std::string progress_bar(const progress_state& s, std::size_t width);
/// "item 5", "items 5 to 9".
[[nodiscard]] std::string items_text(item_range items);
/// "14 s", "2 min 10 s", "3 h 5 min", "2 d 4 h".
[[nodiscard]] std::string time_text(double seconds);
/// Three digits: "0.05", "51.2", "1.23 k", "34 M".
[[nodiscard]] std::string rate_text(double per_second);

} // namespace mpimap::detail
