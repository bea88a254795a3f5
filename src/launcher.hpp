#pragma once

// Who started this process, as far as its environment tells.

namespace mpimap::detail {

/// Whether mpirun, srun or their like started this process as a rank. Looks at the environment that the
/// process was started with: MPI_Init adds to its own.
[[nodiscard]] bool has_launcher();

/// Before MPI_Init, while one lives: ranks that this process may spawn later reach it through the loopback
/// interface, as Open MPI's shared memory does not span what is spawned: a laptop may have no other
/// interface, and others come and go with cables and tunnels. Nothing if there is a launcher, an allocation
/// of a batch system, or a choice of the user.
class loopback_for_spawned {
  public:
    loopback_for_spawned();
    ~loopback_for_spawned();
    loopback_for_spawned(const loopback_for_spawned&) = delete;
    loopback_for_spawned& operator=(const loopback_for_spawned&) = delete;

    /// What to add to the environment of spawned ranks, NAME=VALUE; empty if nothing was set.
    [[nodiscard]] static const char* of_spawned() noexcept;

  private:
    bool set_ = false;
};

} // namespace mpimap::detail
