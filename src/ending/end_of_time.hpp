#pragma once

// When a program's time is over, as its environment says.

#include <optional>
#include <string_view>

namespace mpimap::detail {

/// MPIMAP_DEADLINE: seconds since 1970, or "+90": so many from the beginning of the program. Seconds since
/// 1970; nothing where it is neither.
[[nodiscard]] std::optional<double> read_deadline(std::string_view text, double program_began);

/// Seconds since 1970 of the end that Slurm has for this job: SLURM_JOB_END_TIME, as newer ones set it.
/// Nothing outside of jobs, or where it has none.
[[nodiscard]] std::optional<double> end_of_slurm_job();
/// The same, asked for where it is not set: runs squeue, on rank 0 only, and waits for three seconds at most.
/// Ahead of MPI, which does not like children.
[[nodiscard]] std::optional<double> ask_slurm_for_end();

} // namespace mpimap::detail
