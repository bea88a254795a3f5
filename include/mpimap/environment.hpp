#pragma once

namespace mpimap {

/// What `environment` asks of MPI.
struct environment_options {
    /// Items call MPI themselves, on whatever rank, or several threads of the program make collective calls
    /// of this library, or a pool's calls in flight are to go on while its root's program computes something
    /// else: asks for `MPI_THREAD_MULTIPLE`, since a thread of the library may be in MPI then.
    bool items_call_mpi = false;
    /// SIGTERM, SIGINT, SIGUSR1 and SIGUSR2, and the end of the Slurm job that this is, interrupt calls on
    /// all ranks: no more items are started, what runs may end for options::margin, journals are written, and
    /// the calls throw `interrupted`. Handlers are installed ahead of MPI_Init, for signals that the program
    /// neither handles nor ignores. Without it these signals end the program, as ever.
    bool handle_signals = false;
};

/// Initialises MPI if nobody has, with the thread level the engine wants (`MPI_THREAD_SERIALIZED`), and
/// finalises it at the end of its scope if it was the one that did.
///
/// Also installs a terminate handler: an exception that leaves `main` on one rank prints rank and `what()`
/// and aborts the job instead of leaving the other ranks waiting. What all ranks throw, as from a collective
/// call, is printed by the root of the call alone, what differs by each; the job ends a second later.
///
/// A static one, which std::exit destroys, too, finalises MPI in the same way. With a status other than 0 the
/// job ends with it after five seconds if other ranks have not come to their end by then, since they may be
/// waiting for this one. With the status 0 MPI_Finalize waits for them.
///
/// A program that initialised MPI itself needs
/// no environment; at a lower thread level all calls work, but what waits behind a long item waits for its
/// end.
///
/// Throws mpi_error if MPI cannot be initialised.
class environment {
  public:
    environment(int& argc, char**& argv, environment_options options = {});
    explicit environment(environment_options options = {});
    ~environment();
    environment(const environment&) = delete;
    environment& operator=(const environment&) = delete;

  private:
    void initialise(int* argc, char*** argv, const environment_options& options);
    bool finalise_ = false;
};

} // namespace mpimap
