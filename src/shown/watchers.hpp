#pragma once

// Who watches a call at its root, by its options and by the environment.

#include <cstddef>

#include <mpimap/options.hpp>

#include "call/watcher.hpp"

namespace mpimap::detail {

/// Mostly nobody. Nothing is shown of what is given to submit, nor of calls that items make. Throws
/// invalid_argument where a variable of the environment makes no sense.
[[nodiscard]] call_watchers watchers_of(const options& o, root_job& job, std::size_t root, std::size_t ranks);

} // namespace mpimap::detail
