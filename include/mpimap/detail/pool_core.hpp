#pragma once

// What the engine knows of a pool: no types. The root starts calls, any number of them at a time; the other
// ranks serve.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>

#include <mpi.h>

#include <mpimap/detail/job.hpp>
#include <mpimap/detail/kernel_descriptor.hpp>
#include <mpimap/options.hpp>

namespace mpimap::detail {

struct pool_settings {
    int root = 0;
    std::size_t cache_bytes = 0;
    std::size_t window = 0;
    bool root_computes = true;
    std::function<void()> set_up;
};

/// How a call is to be run.
struct call_settings {
    const kernel_descriptor* descriptor = nullptr;
    bool tolerant = false;
    bool fresh_function = false;     // a copy of the function's own for each chunk
    std::shared_ptr<void> keep = {}; // asynchronous: what owns the job
    // Of a call that grows: reads its input until it has so many items, or all. How many it has then.
    std::function<std::size_t(std::size_t)> read_up_to = {};
};

class pool_call;
class pool_core;

/// The program, or an item, is in a function of the pool while one lives: no other thread of this rank
/// touches what the calls in flight consist of. May be nested; where another thread than the pool's own has
/// one it does nothing.
class in_pool {
  public:
    explicit in_pool(pool_core& pool) noexcept;
    ~in_pool();
    in_pool(const in_pool&) = delete;
    in_pool& operator=(const in_pool&) = delete;

  private:
    alignas(void*) std::byte visit_[4 * sizeof(void*)]; // the engine's, of which headers know nothing
};

class pool_core : public std::enable_shared_from_this<pool_core> {
  public:
    /// Collective. On ranks other than the root returns when the root has closed the pool.
    pool_core(MPI_Comm comm, pool_settings settings);
    ~pool_core();
    pool_core(const pool_core&) = delete;
    pool_core& operator=(const pool_core&) = delete;

    [[nodiscard]] bool is_root() const noexcept;
    [[nodiscard]] bool is_open() const noexcept;
    [[nodiscard]] int rank() const noexcept;
    [[nodiscard]] int size() const noexcept;

    /// Throws where no call can be made now: closed, broken, inside of an item, on another thread.
    void check_usable() const;
    /// Throws on a thread that has not made the pool.
    void check_thread() const;
    /// Calls `f` when helper and deputy are out of the way, on the pool's own thread: where another one asks,
    /// when the pool is used next, or ends.
    template <typename F>
    void on_own_thread(const F& f) noexcept {
        on_own_thread(std::cref(f), [&f] { return std::function<void()>(f); });
    }
    /// The same: memory is needed for what is done `later` only.
    void on_own_thread(const std::function<void()>& now,
                       const std::function<std::function<void()>()>& later) noexcept;

    /// Sends nothing yet: functions and constants follow with a rank's first items. The job must live as long
    /// as the call.
    [[nodiscard]] std::unique_ptr<pool_call> start(root_job& job, const options& o, const call_settings& how);

    /// Whether an item is being run here, or what encodes and decodes for the engine: neither may call back.
    [[nodiscard]] bool in_item() const noexcept;
    /// Moves on whatever can be moved on. Runs no items here but what no other rank can run, of that a batch.
    void poll();
    /// The same after an item has been added: hands it out if somebody waits for one, looks after messages
    /// now and then.
    void nudge();

    /// Sends the value to every rank, to stay there while what is returned lives.
    [[nodiscard]] std::shared_ptr<void> store(const std::function<void(writer&)>& write);

    /// Runs all calls in flight to their end.
    void wait_for_all();
    /// The same, then lets the other ranks go.
    void close();
    /// Lets them go at once; calls in flight are cancelled. Never waits, never throws.
    void abandon() noexcept;
    /// Of a pool that has been closed or abandoned: what it has of the communicator goes now, though futures
    /// live on. Where the ranks end with the pool, they wait for this.
    void leave_communicator() noexcept;

  private:
    friend class pool_call;
    friend class in_pool;
    struct implementation;
    std::shared_ptr<implementation> self_;
};

/// A call in flight. Ends with it: items that have not started are not run.
class pool_call {
  public:
    struct implementation;
    explicit pool_call(std::shared_ptr<implementation> self);
    ~pool_call();
    pool_call(const pool_call&) = delete;
    pool_call& operator=(const pool_call&) = delete;

    /// Whether nothing is left to be done, or will be; for calls that grow, for now.
    [[nodiscard]] bool done();
    /// Serves the pool until `ready` (done, if there is none), or for as long as given. Items run here
    /// meanwhile.
    void wait(const std::function<bool()>& ready = {});
    /// Looks once at least.
    bool wait_for(std::chrono::nanoseconds time, const std::function<bool()>& ready = {});
    /// There are n more items at the end.
    void extend(std::size_t n);
    /// There is one more; it is handed out if somebody waits for one. As pool_core::nudge().
    void extend_and_nudge();
    /// Results have been taken: there may be more room for others.
    void made_room();
    /// One item less, if it has not been handed out.
    bool withdraw(std::size_t item);
    /// Whether all items there are have been handed out, or run.
    [[nodiscard]] bool all_handed_out() const;
    /// What an item sends and gets back, in bytes, as far as known; 0 if not.
    [[nodiscard]] double bytes_per_item() const;
    void cancel();
    /// Throws broken_pool if the set-up failed, `cancelled` if this call has been or the pool is closed,
    /// `interrupted`.
    void check() const;
    /// Whether items are not run since the program is to end, or the call's time is over.
    [[nodiscard]] bool is_interrupted() const;
    /// When done: what the call throws, or the job's finish().
    void finish();

  private:
    std::shared_ptr<implementation> self_;
};

} // namespace mpimap::detail
