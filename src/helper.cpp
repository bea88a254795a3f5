#include "helper.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <signal.h>

#include "nap.hpp"

namespace mpimap::detail {
namespace {

using std::chrono::microseconds;

// While items are short the main thread looks after messages itself, and the helper only makes sure that this
// is still so. Long ones it watches closely from their start on.
constexpr microseconds patience{1000};
constexpr microseconds shortest_nap{100};
constexpr microseconds longest_nap{1000};

/// The next nap after one in which nothing came: a twentieth of the time since something did, so that a
/// message is noticed late by a small part of what its sender was busy for.
microseconds nap_after(clock::time_point last_moved) {
    const auto quiet = std::chrono::duration_cast<microseconds>(clock::now() - last_moved);
    return std::clamp(quiet / 20, shortest_nap, longest_nap);
}

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
    clock::time_point last_moved;
    while (true) {
        if (!engaged_ && !quit_) {
            changed_.wait(state, [this] { return engaged_ || quit_; });
            last_moved = clock::now();
            length = shortest_nap;
        }
        if (quit_)
            return;
        changed_.wait_for(state, length, [this] { return quit_; });
        if (quit_)
            return;
        if (!engaged_)
            continue;
        const std::uint64_t now = batch_.load(std::memory_order_acquire);
        const bool watch = long_items_.load(std::memory_order_relaxed);
        if (now % 2 == 0 || (!watch && now != seen)) { // between items, or in another short one than before
            seen = now;
            length = watch ? shortest_nap : patience;
            continue;
        }
        bool moved = false;
        {
            const std::lock_guard lock(mutex);
            if (batch_.load(std::memory_order_acquire) == now)
                moved = serve_();
        }
        if (moved)
            last_moved = clock::now();
        length = nap_after(last_moved);
    }
}

} // namespace mpimap::detail
