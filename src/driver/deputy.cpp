#include "driver/deputy.hpp"

#include <atomic>
#include <exception>
#include <mutex>
#include <utility>

namespace mpimap::detail {

deputy::deputy(std::function<next_turn()> serve, std::function<bool()> is_wanted)
    : serve_(std::move(serve)), is_wanted_(std::move(is_wanted)) {}

deputy::~deputy() {
    end();
}

void deputy::enter() noexcept {
    if (depth_++ != 0)
        return;
    // From here on it does not begin; if it has, it keeps the mutex to its end.
    if ((turn_.fetch_add(inside, std::memory_order_acquire) & serving) != 0)
        const std::lock_guard until_then(mutex_);
}

void deputy::leave() noexcept {
    if (--depth_ != 0)
        return;
    if ((turn_.fetch_add(once - inside, std::memory_order_release) & asleep) != 0)
        wake();
}

void deputy::wake() noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (quit_)
            return;
    }
    if (!is_wanted_()) // it sleeps: nobody touches what that looks at
        return;
    {
        const std::lock_guard lock(mutex_);
        try {
            if (!thread_.joinable())
                thread_ = threads::start([this] { run(); });
        } catch (const std::exception&) {
            quit_ = true; // no thread to be had, or no memory: all works without one
            return;
        }
        turn_.fetch_sub(asleep, std::memory_order_release);
    }
    changed_.notify_one();
}

void deputy::end() noexcept {
    {
        const std::lock_guard lock(mutex_);
        quit_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable())
        thread_.join();
}

void deputy::run() {
    // What a rank has in hand when the program leaves is about a millisecond of work, or two items.
    constexpr std::chrono::microseconds first_nap{1000};
    std::unique_lock lock(mutex_);
    std::chrono::microseconds nap = first_nap;
    std::uint64_t seen = asleep;
    while (!quit_) {
        if ((seen & asleep) != 0) {
            changed_.wait(lock,
                          [this] { return quit_ || (turn_.load(std::memory_order_relaxed) & asleep) == 0; });
            seen = turn_.load(std::memory_order_relaxed);
        }
        changed_.wait_for(lock, nap, [this] { return quit_; });
        if (quit_)
            return;
        std::uint64_t now = turn_.load(std::memory_order_relaxed);
        if (now != std::exchange(seen, now)) {
            nap = first_nap; // it comes and goes, and sees to messages itself
            continue;
        }
        if ((now & inside) != 0) {
            // It waits for something there, which may take long.
            if (turn_.compare_exchange_strong(now, now | asleep, std::memory_order_relaxed))
                seen = now | asleep;
            continue;
        }
        if (!turn_.compare_exchange_strong(now, now | serving, std::memory_order_acquire))
            continue;
        const next_turn next = serve_();
        nap = next.value_or(first_nap);
        seen = next ? now : now | asleep;
        turn_.fetch_add((next ? 0 : asleep) - serving, std::memory_order_release);
    }
}

} // namespace mpimap::detail
