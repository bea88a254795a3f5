#pragma once

// What is kept of a communicator between calls: a duplicate, so that our messages never meet the user's, and
// what belongs to it. It hangs on the communicator as an attribute and goes with it, or with the last call or
// pool that uses it. The duplicate itself is freed when nothing is under way on it any more: MPI gives its
// number to other communicators then, and what came late would be theirs.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <mpi.h>

#include "mpi/channel.hpp"
#include "mpi/roll_messages.hpp"

namespace mpimap::detail {

class helper;
class mpi_turn;
class retired_duplicate;

struct communicator_state : std::enable_shared_from_this<communicator_state> {
    communicator_state();
    ~communicator_state();
    communicator_state(const communicator_state&) = delete;
    communicator_state& operator=(const communicator_state&) = delete;

    /// A call, or a pool, begins; one at a time: another thread's call waits for the end of this one's.
    /// Throws nested_call where it is this thread's own that is open.
    void enter();
    void leave() noexcept;
    /// Whether a call is open that other ranks cannot be let go from.
    [[nodiscard]] bool holds_others();

    /// Makes the duplicate where there is none yet. Collective, and inside enter() and leave(). A rank that
    /// comes to its end without any call does not show: those that wait long say so on the standard error.
    void prepare(const mpi_turn& alone, MPI_Comm user, int root);
    /// This rank as the engine sees it, while the state lives and has not been shut down. To be used by
    /// whoever has a turn, and by the threads that these let in.
    [[nodiscard]] endpoint here(const mpi_turn& alone);
    /// Why no call is to begin any more; 0 where it may. Items that run may make calls of their own.
    [[nodiscard]] static int cause_of_ending();
    /// What its ranks are in MPI_COMM_WORLD; their own numbers of those that are not in it, since a pool has
    /// made them. Asks MPI, once.
    [[nodiscard]] std::shared_ptr<const std::vector<int>> world_ranks() const;
    /// Gives MPI back what is its own, as soon as nothing is under way. Nothing can be sent after that.
    void shut_down() noexcept;
    /// The same, with the duplicate in a list of those that are to be freed.
    void retire(std::list<retired_duplicate>& to) noexcept;

    MPI_Comm comm = MPI_COMM_NULL;
    int rank = 0;
    int size = 1;
    int thread_level = 0;
    std::uint64_t calls = 0;       // collective ones: the same on every rank
    std::uint64_t pool_calls = 0;  // this rank's, as the root of pools
    std::function<void()> give_up; // lets the ranks of an open pool go, when MPI ends before it
    std::unique_ptr<channel> messages;
    std::unique_ptr<roll_messages> roll;
    std::unique_ptr<helper> assistant; // made at the first call that has work for it

  private:
    mutable std::shared_ptr<const std::vector<int>> world_ranks_;
    std::mutex mutex_;
    std::condition_variable left_;
    bool busy_ = false;
    std::thread::id thread_;                  // whose call it is
    std::list<retired_duplicate> retirement_; // one, while there is a duplicate
};

/// The communicator's, made now if there is none. Null where the thread level, or the system, allows none, or
/// there is nobody to answer.
[[nodiscard]] helper* helper_of(communicator_state& state);

/// Waits for a request in naps. Calls `meanwhile`, if there is one, between them, with the seconds that it
/// has waited, once these are more than a tenth.
void wait_for(const mpi_turn& alone, MPI_Request request, const std::function<void(double)>& meanwhile = {});

/// Moves on what duplicates of freed communicators still have under way, if there are any.
void tend_retired_duplicates() noexcept;

/// An error that all ranks have thrown, and nobody has caught here, is told: the others need not. Waits for
/// nothing.
void tell_of_error(communicator_state& state) noexcept;
[[nodiscard]] bool heard_of_error(communicator_state& state) noexcept;

/// The state of a communicator, which may be freed while somebody has it. Throws invalid_argument when MPI is
/// not initialised or the communicator is no intra-communicator that this rank is in. Sends nothing.
[[nodiscard]] std::shared_ptr<communicator_state> state_of(MPI_Comm comm);

} // namespace mpimap::detail
