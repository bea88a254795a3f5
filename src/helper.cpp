#include "helper.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <signal.h>

namespace mpimap::detail {
namespace {

using std::chrono::microseconds;

// An item that has run for this long may run longer: until then workers live on what they were sent ahead.
constexpr microseconds patience{1000};
constexpr microseconds shortest_nap{100};
constexpr microseconds longest_nap{1000};

// Of the main thread, which alone makes calls.
thread_local helper* innermost = nullptr;

} // namespace

helper::pause::pause() : around_(std::exchange(innermost, nullptr)) {
    if (around_ != nullptr && around_->batch_.load(std::memory_order_relaxed) % 2 != 0)
        lock_ = std::unique_lock(around_->mutex);
}
helper::pause::~pause() {
    innermost = around_;
}

helper::helper() {
    // The program's signal handlers are meant for its own threads.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        thread_ = std::thread([this] { run(); });
    } catch (...) {
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
        throw;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

helper::~helper() {
    {
        const std::lock_guard lock(state_mutex_);
        quit_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void helper::engage(std::function<bool()> serve) {
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

void helper::run() {
    std::unique_lock state(state_mutex_);
    std::uint64_t seen = 0;
    microseconds length = patience;
    while (true) {
        changed_.wait(state, [this] { return engaged_ || quit_; });
        if (quit_)
            return;
        changed_.wait_for(state, length, [this] { return quit_; });
        if (quit_)
            return;
        if (!engaged_)
            continue;
        const std::uint64_t now = batch_.load(std::memory_order_acquire);
        if (now % 2 == 0 || now != seen) { // between items, or in another than before
            seen = now;
            length = patience;
            continue;
        }
        bool moved = false;
        {
            const std::lock_guard lock(mutex);
            if (batch_.load(std::memory_order_acquire) == now)
                moved = serve_();
        }
        length =
            moved ? shortest_nap : std::min(longest_nap, length == patience ? shortest_nap : length * 3 / 2);
    }
}

} // namespace mpimap::detail
