#pragma once

namespace mpimap::detail {

/// Ends this rank as a program does that has nothing more to do: MPI is finalized, with all other ranks, and
/// the status is that of success.
[[noreturn]] void end_program();

} // namespace mpimap::detail
