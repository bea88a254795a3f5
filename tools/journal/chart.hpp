#pragma once

// Pictures for a page, as SVG that is part of it.

#include <string>
#include <vector>

namespace mpimap::journal_command {

/// Something that comes again and again: how much of it per second.
struct throughput {
    double seconds = 0;                  // from left to right
    std::vector<double> per_second = {}; // of equal parts of that
    std::vector<double> failures = {};   // moments
    /// Where another program goes on, and when that was.
    struct mark {
        double at = 0;
        std::string text = {};
    };
    std::vector<mark> marks = {};
};
[[nodiscard]] std::string chart_of(const throughput& what);

/// Items of each rank, or of neighbouring ones together where there are many.
struct rank_items {
    double done = 0;
    double failed = 0;
};
[[nodiscard]] std::string chart_of(const std::vector<rank_items>& ranks);

/// All of a call from left to right, as one bar.
struct parts_of_call {
    double done = 0;
    double failed = 0;
    double missing = 0;
};
[[nodiscard]] std::string bar_of(const parts_of_call& parts);

} // namespace mpimap::journal_command
