#pragma once

// How a program hears of the end of the ranks that it has spawned. MPI does not tell, and waits for ever for
// one that crashed: so each rank holds a local socket to the program from its start to its end, whatever end
// that is. Ranks on other hosts have none.

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace mpimap::detail {

/// The end of a spawned rank. The rank watches the program, too: MPI does not always end ranks whose program
/// has died, and one of them that stays keeps the program's output open. It ends when the program ends before
/// its pool has let it go.
class lifeline {
  public:
    /// Never throws: a rank that cannot be watched, or that watches nothing, works as well.
    lifeline(const std::string& address, int rank) noexcept;
    ~lifeline() = default; // closed with the process, which is what it tells
    lifeline(const lifeline&) = delete;
    lifeline& operator=(const lifeline&) = delete;

    /// The rank has come to its pool.
    void arrived() const noexcept;
    /// The pool has let the rank go: its end is no accident any more.
    void let_go() const noexcept;
    /// Main is over on a spawned rank, without a pool. Nothing elsewhere.
    static void end_of_main() noexcept;
    /// Which rank of its pool this process is; 0 where it was not spawned.
    [[nodiscard]] static int rank() noexcept;

  private:
    int socket_ = -1;
};

/// The end of the program. A rank that ends before its pool has let it go ends the program, with a text and
/// code 1, as mpirun would: the main thread may be inside of MPI, where no exception can reach it.
class lifelines {
  public:
    /// Never throws: without sockets or a thread nothing is watched.
    lifelines() noexcept;
    ~lifelines();
    lifelines(const lifelines&) = delete;
    lifelines& operator=(const lifelines&) = delete;

    /// For the ranks, which hand it to their ends. Empty if nothing is watched.
    [[nodiscard]] const std::string& address() const noexcept { return address_; }

    /// Whether the pool has let all ranks go: none runs an item any more.
    [[nodiscard]] bool all_let_go() const noexcept { return at_work_ == 0; }
    /// Whether all processes are gone.
    [[nodiscard]] bool all_ended() const noexcept { return alive_ == 0; }

  private:
    struct watched {
        int socket = -1;
        int rank = -1;
        int process = 0;
        bool arrived = false;
        bool released = false;
    };

    void watch() noexcept;
    void accept_ranks() noexcept;
    bool hear(watched& w) noexcept;

    int listening_ = -1;
    int wake_[2] = {-1, -1};
    std::string address_;
    std::atomic<int> at_work_{0};
    std::atomic<int> alive_{0};
    std::vector<watched> ranks_; // the thread's, until it has ended
    std::thread thread_;
};

} // namespace mpimap::detail
