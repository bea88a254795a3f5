#pragma once

// An exception that nobody catches ends the job, and is told. Where all ranks throw the same, one tells it.

#include <memory>

#include <mpi.h>

namespace mpimap::detail {

struct communicator_state;

/// Every rank of a communicator is about to throw an exception with this text, and one of them is to tell it
/// if nobody catches it: this one, or another.
void thrown_everywhere(const char* text, bool told_here, std::weak_ptr<communicator_state> by) noexcept;

/// Whether this rank is to tell an exception with this text: it is the only one that has thrown it, or the
/// one of all that is to.
[[nodiscard]] bool is_told_here(const char* text) noexcept;

/// The terminate handler: prints the exception being handled and ends the job.
///
/// At once, unless another rank tells the same: where all ranks throw it, the root of the call; of the ranks
/// of a host that have the same to say, the first. That rank may come to nothing, so it is waited for five
/// seconds at most, and whoever is told to end meanwhile and has not heard that it is told says it then.
/// Whoever has told something waits a second before it ends the job: others may be about to tell something
/// else. Nothing waits for a message: in whatever state this rank is, and the others are, it ends.
[[noreturn]] void tell_and_end_job() noexcept;

/// For the exception being handled: this rank, of a communicator, cannot go on with a call that others take
/// part in, nor can they without it. Prints why and ends the job. Needs no memory; what MPI_Abort needs has
/// been kept for it.
[[noreturn]] void end_job_out_of_step(int rank) noexcept;
/// The same of a call that this rank cannot even begin. Returns where the communicator has no others.
void end_job_of_others(MPI_Comm comm) noexcept;

/// Ahead of the first call on a communicator: 256 KiB, for what ending the job takes where there is none
/// left.
void keep_last_memory() noexcept;

/// Ends the job, on whatever thread: the others are not asked.
[[noreturn]] void end_job_with(int status) noexcept;

/// What is still done when this rank ends the job, on whatever thread that is: no destructor runs then. One
/// function, which must not wait.
void before_job_ends(void (*what)() noexcept) noexcept;

/// What the job ends with where this rank ends it: 1, unless the program's own status is known.
void set_job_status(int status) noexcept;
[[nodiscard]] int job_status() noexcept;

} // namespace mpimap::detail
