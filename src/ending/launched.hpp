#pragma once

// How this process was started, as far as its environment says: MPI may not have begun.

namespace mpimap::detail {

/// By Open MPI's mpirun, which passes SIGTERM and Ctrl-C on and ends what is left a second later.
[[nodiscard]] bool is_started_by_mpirun() noexcept;
/// By nobody: it is a process by itself.
[[nodiscard]] bool has_no_launcher() noexcept;
/// Rank 0 of what was started, or a process by itself.
[[nodiscard]] bool is_first_process() noexcept;

} // namespace mpimap::detail
