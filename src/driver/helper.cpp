#include "driver/helper.hpp"

#include <chrono>
#include <utility>

namespace mpimap::detail {

void mpi_turn::begin() {
    helper::innermost = nullptr;
    if (around_->batch_.load(std::memory_order_relaxed) % 2 != 0)
        lock_ = std::unique_lock(around_->mutex);
}

helper::helper() : thread_(threads::start([this] { run(); })) {}

helper::~helper() {
    {
        const std::lock_guard lock(state_mutex_);
        quit_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void helper::engage(std::function<void()> serve) {
    outer_ = std::exchange(innermost, this);
    {
        const std::lock_guard lock(state_mutex_);
        serve_ = std::move(serve);
        engaged_ = true;
    }
    changed_.notify_all();
}

void helper::disengage() {
    innermost = outer_;
    // state_mutex_ is held while serving, so that taking it waits for a serve under way.
    const std::lock_guard lock(state_mutex_);
    engaged_ = false;
    serve_ = nullptr;
}

void helper::enter_user_code(const nap_length& nap) noexcept {
    const std::chrono::duration<double> length(nap.seconds);
    nap_.store(std::chrono::duration_cast<std::chrono::microseconds>(length), std::memory_order_relaxed);
    long_items_.store(nap.for_long_items, std::memory_order_relaxed);
    batch_.fetch_add(1, std::memory_order_release);
}

void helper::run() {
    std::unique_lock state(state_mutex_);
    std::uint64_t seen = 0;
    while (true) {
        changed_.wait(state, [this] { return engaged_ || quit_; });
        if (quit_)
            return;
        changed_.wait_for(state, nap_.load(std::memory_order_relaxed), [this] { return quit_; });
        if (quit_)
            return;
        if (!engaged_)
            continue;
        const std::uint64_t now = batch_.load(std::memory_order_acquire);
        // Between items; or items are short: the main thread looks after messages itself unless this one is
        // not.
        const bool wait = now % 2 == 0 || (!long_items_.load(std::memory_order_relaxed) && now != seen);
        seen = now;
        if (wait)
            continue;
        const std::lock_guard lock(mutex);
        if (batch_.load(std::memory_order_acquire) == now)
            serve_();
    }
}

} // namespace mpimap::detail
