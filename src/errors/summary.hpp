#pragma once

// What a map_error says of its failures.

#include <cstddef>
#include <string>
#include <vector>

#include <mpimap/errors.hpp>

namespace mpimap::detail {

/// How many failed, and of the first five each a line: item, arguments, rank, host, attempt, time, seed,
/// exception.
[[nodiscard]] std::string summary_of(const std::vector<task_error>& errors, std::size_t failed,
                                     std::size_t items, std::size_t done);

} // namespace mpimap::detail
