#pragma once

// That a process has been asked to come to an end before its program does by itself.

#include <atomic>

namespace mpimap::detail {

/// Asked for by whoever is first: a signal handler, the clock, another rank. From then on no items are
/// started, and no calls.
class interruption {
  public:
    /// In place of the number of a signal.
    static constexpr int end_of_time = 255;

    /// `heard` is called by whoever asks, and may be in a signal handler.
    explicit interruption(void (*heard)() noexcept = nullptr) noexcept : heard_(heard) {}
    interruption(const interruption&) = delete;
    interruption& operator=(const interruption&) = delete;

    void ask(int cause) noexcept {
        int none = 0;
        (void)cause_.compare_exchange_strong(none, cause, std::memory_order_relaxed);
        if (heard_ != nullptr)
            heard_();
    }
    /// 0 where nobody has asked.
    [[nodiscard]] int cause() const noexcept { return cause_.load(std::memory_order_relaxed); }

  private:
    static_assert(std::atomic<int>::is_always_lock_free, "signal handlers ask");
    std::atomic<int> cause_{0};
    void (*heard_)() noexcept;
};

} // namespace mpimap::detail
