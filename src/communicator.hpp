#pragma once

// What is kept of a communicator between calls: a duplicate, so that our messages never meet the user's, and
// what belongs to it. It hangs on the communicator as an attribute and goes with it, or with the last call or
// pool that uses it; all that is MPI's in it goes at the start of MPI_Finalize.

#include <cstdint>
#include <functional>
#include <memory>

#include <mpi.h>

#include "channel.hpp"

namespace mpimap::detail {

class helper;

struct communicator_state : std::enable_shared_from_this<communicator_state> {
    explicit communicator_state(MPI_Comm user);
    ~communicator_state();
    communicator_state(const communicator_state&) = delete;
    communicator_state& operator=(const communicator_state&) = delete;

    /// Gives MPI back what is its own. Nothing can be sent after that.
    void shut_down();

    MPI_Comm comm = MPI_COMM_NULL;
    int rank = 0;
    int size = 1;
    int thread_level = 0;
    std::uint64_t calls = 0;      // collective ones: the same on every rank
    std::uint64_t pool_calls = 0; // this rank's, as the root of pools
    bool busy = false;
    std::function<void()> give_up; // lets the ranks of an open pool go, when MPI ends before it
    std::unique_ptr<channel> messages;
    std::unique_ptr<helper> assistant; // made at the first call that has work for it
};

/// Waits for a request in naps.
void wait_for(MPI_Request request);

/// The state of a communicator, which may be freed while somebody has it. Made at the first call on it
/// (collective then). Throws mismatched_call on every rank when they run different programs, invalid_argument
/// when MPI is not initialised or the communicator is no intra-communicator that this rank is in.
[[nodiscard]] std::shared_ptr<communicator_state> state_of(MPI_Comm comm);

} // namespace mpimap::detail
