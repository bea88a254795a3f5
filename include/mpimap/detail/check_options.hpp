#pragma once

// What can be said of options and lengths before a call begins.

#include <cstddef>
#include <optional>
#include <vector>

#include <mpimap/options.hpp>

namespace mpimap::detail {

/// The number of items of zipped arguments. Throws invalid_argument, naming the lengths, when `zip::strict`
/// is asked for and they differ, or when no argument has an end.
[[nodiscard]] std::size_t zipped_size(const std::vector<std::optional<std::size_t>>& sizes, zip how);

/// Checks of options that need no types; throws invalid_argument.
void check_options(const options& o, std::size_t items);

/// The same for calls of a pool, in which some mean nothing ...
void check_pool_options(const options& o);
/// ... and for those whose number of items is not known beforehand.
void check_stream_options(const options& o);

/// mpi_for_each: throws invalid_argument when the options ask for results.
void check_no_results(const options& o);

/// mpi_map_into: throws invalid_argument when `out` has no room or the options ask for more.
void check_output(std::size_t room, std::size_t items, const options& o);

} // namespace mpimap::detail
