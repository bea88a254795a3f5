#pragma once

// The thread that keeps the time of this process's items.

namespace mpimap::detail {

/// From now on an item that runs for longer than its call allows is told on the standard error, and ends the
/// job with this exit code. The thread begins with the first item of a call with a limit.
void begin_timing_items() noexcept;
inline constexpr int status_of_timeout = 124;

} // namespace mpimap::detail
