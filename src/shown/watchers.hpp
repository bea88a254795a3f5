#pragma once

// Who watches a call at its root, by its options and by the environment.

#include <mpimap/options.hpp>

#include "call/watcher.hpp"

namespace mpimap::detail {

struct communicator_state;

/// At the root, `where` a rank of the communicator. Mostly nobody. Nothing is shown of what is given to
/// submit, nor of calls that items make. Throws invalid_argument where a variable of the environment makes no
/// sense.
[[nodiscard]] call_watchers watchers_of(const options& o, root_job& job, const communicator_state& where,
                                        bool pooled);

} // namespace mpimap::detail
