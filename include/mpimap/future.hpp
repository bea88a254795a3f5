#pragma once

#include <chrono>
#include <memory>
#include <utility>

#include <mpimap/errors.hpp>

namespace mpimap {

namespace detail {

/// What a future stands for: a call in flight.
template <typename T>
class promised {
  public:
    virtual ~promised() = default;
    virtual void check_thread() const = 0;
    [[nodiscard]] virtual bool ready() = 0;
    virtual void wait() = 0;
    virtual bool wait_for(std::chrono::nanoseconds time) = 0;
    virtual void cancel() = 0;
    virtual T get() = 0;
};

} // namespace detail

/// The result to come of pool::amap or pool::submit. Movable; the value is taken once, as with std::future.
///
/// For the thread that owns the pool. Calls move on while any function of the pool or of its futures runs,
/// and at MPI_THREAD_MULTIPLE in between; items of any of them run on the root in wait, wait_for and get.
/// Letting go of a future of `amap` cancels what has not started; one of `submit` runs all the same. May
/// outlive the pool.
///
/// All but valid() throw invalid_argument where there is no value, and on another thread; ready, wait,
/// wait_for and get throw nested_call in an item, wait, wait_for and get broken_pool if the set-up failed.
///
///     mpimap::future<std::vector<double>> later = pool.amap(f, xs);
///     while (!later.wait_for(std::chrono::seconds(1))) report_progress();
///     std::vector<double> all = later.get();
template <typename T>
class future {
  public:
    future() = default;
    explicit future(std::shared_ptr<detail::promised<T>> p) : promised_(std::move(p)) {}
    ~future() = default;
    future(future&&) noexcept = default;
    future& operator=(future&&) noexcept = default;
    future(const future&) = delete;
    future& operator=(const future&) = delete;

    /// Whether there is a value, or an error, to come or to be taken. False after get().
    [[nodiscard]] bool valid() const noexcept { return promised_ != nullptr; }
    /// Whether get() would return, or throw, at once. Looks for messages and hands out items, and runs none
    /// but what no other rank can run, as pool::poll: a loop that only asks ends on any number of ranks.
    [[nodiscard]] bool ready() const { return promised().ready(); }
    /// Until ready.
    void wait() const { promised().wait(); }
    /// True if ready in time. Looks once at least, as ready(), also where the time is zero or negative. An
    /// item that the root runs meanwhile is not interrupted, so it may take longer by the length of one.
    template <typename Rep, typename Period>
    bool wait_for(std::chrono::duration<Rep, Period> time) const {
        // In floating point: hours::max() in nanoseconds is out of range.
        constexpr std::chrono::hours longest(24 * 365);
        const bool within = std::chrono::duration<double>(time) < std::chrono::duration<double>(longest);
        return promised().wait_for(within ? std::chrono::duration_cast<std::chrono::nanoseconds>(time)
                                          : std::chrono::nanoseconds(longest));
    }
    /// Of amap: items that have not started are not run, and get() throws `cancelled`, which says what is
    /// done, if there were any. Of submit: if the item has not been handed out it is not run, and get()
    /// throws `cancelled`; otherwise nothing. Never waits.
    void cancel() const { promised().cancel(); }
    /// Waits and gives the value away. Throws what the call throws: map_error for amap, the item's own
    /// exception (as task_error::rethrow) for submit; `cancelled`, broken_pool.
    T get() {
        detail::promised<T>& p = promised();
        p.check_thread();
        const std::shared_ptr<detail::promised<T>> kept = std::move(promised_);
        return p.get();
    }

  private:
    [[nodiscard]] detail::promised<T>& promised() const {
        if (!promised_)
            throw invalid_argument("mpimap: the future has no value: it was taken, or there never was one");
        return *promised_;
    }
    std::shared_ptr<detail::promised<T>> promised_;
};

} // namespace mpimap
