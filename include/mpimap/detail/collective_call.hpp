#pragma once

// A collective call on one rank.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include <mpi.h>

#include <mpimap/detail/job.hpp>
#include <mpimap/options.hpp>

namespace mpimap::detail {

class mpi_turn;

/// One collective call on one rank, from the check that all ranks called the same to the common verdict.
///
/// Construction takes the communicator (throws nested_call when an item calls back, invalid_argument on
/// MPI_COMM_NULL and the like). All other errors are agreed on first and thrown on every rank. Where one rank
/// cannot go on, for lack of memory or since MPI has failed, while the others wait for it, it says why and
/// ends the job.
class collective_call {
  public:
    collective_call(MPI_Comm comm, int root, std::uint64_t signature);
    ~collective_call();
    collective_call(const collective_call&) = delete;
    collective_call& operator=(const collective_call&) = delete;

    [[nodiscard]] bool is_root() const noexcept;
    [[nodiscard]] int rank() const noexcept;
    [[nodiscard]] int size() const noexcept;

    /// All ranks are in the same call; throws on every rank otherwise. The first step of run() and serve().
    void agree();
    /// This thread's turn in MPI, until it steps out.
    [[nodiscard]] const mpi_turn& turn() const noexcept;
    /// The communicator stays taken, but the caller goes on: an item of another call may be the one that
    /// opens a pool. Whoever uses the communicator then takes a turn each time.
    void step_out() noexcept;
    /// Gives the communicator back before destruction.
    void leave() noexcept;

    /// On the root: `prepare` checks the arguments and builds the job, which the caller keeps; what it throws
    /// is thrown on every rank. Returns when all items are done. Failures of items are thrown as map_error on
    /// every rank, except with `tolerant`: then the job's finish() gets them, and only failures of no item
    /// are thrown.
    void run(const options& o, bool tolerant, const std::function<root_job&()>& prepare);

    /// On other ranks: serve until the root is done.
    void serve(kernel& k);

    /// Whether the results go to every rank; known after run() or serve().
    [[nodiscard]] bool results_everywhere() const noexcept;

    /// The root sends a value to every rank: `write` on the root, `read` elsewhere. What either throws is
    /// thrown on every rank.
    void share(const std::function<void(writer&)>& write, const std::function<void(reader&)>& read);

    /// Of steps in which the others wait for this rank: what they throw ends the job.
    void with_others(const std::function<void()>& steps);

  private:
    struct implementation;
    std::unique_ptr<implementation> self_;
    bool left_ = false;
};

} // namespace mpimap::detail
