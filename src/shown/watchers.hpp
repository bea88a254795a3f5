#pragma once

// Who watches a call at its root, by its options and by the environment.

#include <mpimap/options.hpp>

#include "call/watcher.hpp"

namespace mpimap::detail {

struct communicator_state;

/// At the root, `where` a rank of the communicator. Mostly nobody. Of what is given to submit
/// there are trace and watchdog only; of calls that items make neither. Throws invalid_argument where a
/// variable of the environment makes no sense.
[[nodiscard]] call_watchers watchers_of(const options& o, root_job& job, const communicator_state& where,
                                        bool pooled);

} // namespace mpimap::detail
