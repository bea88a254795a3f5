#pragma once

// What records tell of a call as a whole: when, where and how long its items ran.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "chart.hpp"
#include "items.hpp"
#include "values.hpp"

namespace mpimap::journal_command {

struct call_summary {
    throughput over_time = {};
    std::vector<rank_items> ranks = {};
    double item_seconds = 0; // of all items together
    struct item {
        std::size_t index = 0;
        double seconds = 0;
        std::uint64_t rank = 0;
        bool failed = false;
    };
    std::vector<item> slowest = {}; // of those that were measured, the longest first
    /// Those at the front.
    struct failed_item {
        std::size_t index = 0;
        stored_failure why = {};
    };
    std::vector<failed_item> failures = {};
};
[[nodiscard]] call_summary summary_of(const call_items& items,
                                      const std::vector<detail::journal::run_info>& runs);

} // namespace mpimap::journal_command
