#pragma once

// Who started this process, as far as its environment tells.

#include <string>

namespace mpimap::detail {

/// Whether mpirun, srun or their like started this process as a rank. Looks at the environment that the
/// process was started with: MPI_Init adds to its own.
[[nodiscard]] bool has_launcher();

/// What only ranks of the same job have in common; empty if that is not known.
[[nodiscard]] std::string job_name();

/// Around MPI_Init: what this process wants if it is to spawn ranks later. Nothing if there is a launcher.
///
/// They reach it through the loopback interface, as Open MPI's shared memory does not span what is spawned: a
/// laptop may have no other interface, and others come and go with cables and tunnels. Not in an allocation
/// of a batch system, nor against a choice of the user.
///
/// Open MPI's daemon, which MPI_Init starts, has no standard input: it would read this program's for them.
class spawning_conditions {
  public:
    spawning_conditions();
    ~spawning_conditions();
    spawning_conditions(const spawning_conditions&) = delete;
    spawning_conditions& operator=(const spawning_conditions&) = delete;

    /// What to add to the environment of spawned ranks, NAME=VALUE; empty if nothing was set.
    [[nodiscard]] static const char* of_spawned() noexcept;

  private:
    void use_loopback();

    bool set_ = false;
    int input_ = -1;
};

} // namespace mpimap::detail
