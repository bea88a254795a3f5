#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>

#include "driver/threads.hpp"
#include "schedule/chunking.hpp"

namespace mpimap::detail {

/// A thread that answers other ranks while the main thread runs a long item: at the root it takes results and
/// hands out chunks, elsewhere it gives back what waits behind the item. It sleeps otherwise: a helper that
/// always polls takes a quarter of the root when both threads share a core.
///
/// User code runs on the main thread only. Of both, one thread at a time is in MPI: the one that holds
/// `mutex`.
class helper {
  public:
    helper();
    ~helper();
    helper(const helper&) = delete;
    helper& operator=(const helper&) = delete;

    /// Guards the call that is served, and MPI.
    threads::mutex mutex;

    /// From now on, `serve` is called, holding the mutex, while the main thread is in user code for long.
    void engage(std::function<void()> serve);
    /// Returns when `serve` is not running and will not again. Call without the mutex.
    void disengage();

    /// The main thread, which holds the mutex, is in user code while one lives.
    class user_code {
      public:
        user_code(helper& h, const nap_length& nap) : helper_(h) {
            h.enter_user_code(nap);
            h.mutex.unlock();
        }
        ~user_code() {
            helper_.leave_user_code();
            helper_.mutex.lock();
        }
        user_code(const user_code&) = delete;
        user_code& operator=(const user_code&) = delete;

      private:
        helper& helper_;
    };

  private:
    friend class mpi_turn;
    // Of the main thread, which alone makes calls.
    static inline constinit thread_local helper* innermost = nullptr;

    void enter_user_code(const nap_length& nap) noexcept;
    void leave_user_code() noexcept { batch_.fetch_add(1, std::memory_order_release); }
    void run();

    threads::atomic<std::uint64_t> batch_{0}; // odd while the main thread is in user code
    threads::atomic<std::chrono::microseconds> nap_{std::chrono::microseconds(1000)};
    threads::atomic<bool> long_items_{false};
    threads::mutex state_mutex_;
    threads::condition_variable changed_;
    std::function<void()> serve_;
    helper* outer_ = nullptr; // engaged before: an item's own call on another communicator
    bool engaged_ = false;
    bool quit_ = false;
    threads::thread thread_;
};

/// Whoever has one may be in MPI, and what enters it asks for one: while it lives, the helper of the call
/// around this one stays out, since an item is calling the library on another communicator. It does nothing
/// where the main thread is not in an item: then that has the helper's mutex.
class mpi_turn {
  public:
    mpi_turn() : around_(helper::innermost) {
        if (around_ != nullptr)
            begin();
    }
    ~mpi_turn() {
        if (around_ != nullptr)
            helper::innermost = around_;
    }
    mpi_turn(const mpi_turn&) = delete;
    mpi_turn& operator=(const mpi_turn&) = delete;

  private:
    void begin();

    helper* around_;
    std::unique_lock<threads::mutex> lock_;
};

} // namespace mpimap::detail
