#pragma once

// Which items a thread runs, for whoever must know when the program cannot be asked: the handler of a signal,
// the thread that keeps their time.

#include <atomic>
#include <cstddef>

#include <mpimap/detail/call_facts.hpp>
#include <mpimap/detail/job.hpp>
#include <mpimap/detail/short_text.hpp>

namespace mpimap::detail {

/// Items of a call, one after the other, in this thread, while it lives.
class running_items {
  public:
    /// Appends the arguments of the i-th of them, by what makes their cursors.
    using describe = void (*)(const void* make_cursors, std::size_t i, short_text& text);

    /// `arguments`: null where they cannot be told.
    running_items(std::size_t first, const place& where, const call_facts& call, describe arguments,
                  const void* make_cursors) noexcept
        : first_(first), where_(where), call_(call), describe_(arguments), make_cursors_(make_cursors),
          outer_(innermost_here), uncaught_(outer_ == nullptr && nobody_there) {
        innermost_here = this;
        innermost_somewhere.store(this, std::memory_order_relaxed);
        if (has_time_limit()) [[unlikely]]
            begin_timing();
    }
    /// Each leaves one that lives, or none.
    ~running_items() {
        if (has_time_limit()) [[unlikely]]
            end_timing();
        innermost_here = outer_;
        innermost_somewhere.store(outer_, std::memory_order_relaxed);
    }
    running_items(const running_items&) = delete;
    running_items& operator=(const running_items&) = delete;

    /// The i-th of them begins.
    void begins(std::size_t i) noexcept { current_.store(i, std::memory_order_relaxed); }
    /// Whether nobody catches what they throw: see nobody_catches.
    [[nodiscard]] bool uncaught() const noexcept { return uncaught_; }

    // What follows is also for a handler in the same thread, and for another thread that knows that it lives.

    /// Which of them runs.
    [[nodiscard]] std::size_t position() const noexcept { return current_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::size_t item() const noexcept { return first_ + position(); }
    [[nodiscard]] const place& where() const noexcept { return where_; }
    [[nodiscard]] const call_facts& call() const noexcept { return call_; }
    void append_arguments(short_text& text) const {
        if (describe_ != nullptr)
            describe_(make_cursors_, position(), text);
    }
    /// In whose item this one's call was made; null for none.
    [[nodiscard]] const running_items* outer() const noexcept { return outer_; }

    /// Whether this thread runs any.
    [[nodiscard]] static bool any_here() noexcept { return innermost_here != nullptr; }
    /// What this thread runs now, otherwise what some thread of this process does: it may have threads of its
    /// own. Null for nothing.
    [[nodiscard]] static const running_items* innermost() noexcept {
        return any_here() ? innermost_here : innermost_somewhere.load(std::memory_order_relaxed);
    }

  private:
    friend class nobody_catches;
    static constinit thread_local const running_items* innermost_here;
    static constinit thread_local bool nobody_there;
    static constinit std::atomic<const running_items*> innermost_somewhere;

    [[nodiscard]] bool has_time_limit() const noexcept { return call_.item_timeout > 0 && !uncaught_; }
    void begin_timing() const noexcept;
    void end_timing() const noexcept;

    std::size_t first_;
    place where_;
    const call_facts& call_;
    describe describe_;
    const void* make_cursors_;
    const running_items* outer_;
    bool uncaught_;
    std::atomic<std::size_t> current_ = 0;
};

/// While one lives, what an item throws in this thread ends the program where it was thrown, as if nobody
/// caught it; not what items of a call throw that the item makes, which may catch that.
class nobody_catches {
  public:
    nobody_catches() noexcept { running_items::nobody_there = true; }
    ~nobody_catches() { running_items::nobody_there = false; }
    nobody_catches(const nobody_catches&) = delete;
    nobody_catches& operator=(const nobody_catches&) = delete;
};

/// Runs it so that nobody catches what it throws: the program ends where it is thrown.
void run_uncaught(void (*run)(const void*), const void* context) noexcept;
template <typename Run>
void run_uncaught(const Run& run) noexcept {
    run_uncaught([](const void* r) { (*static_cast<const Run*>(r))(); }, &run);
}

/// Keeps the time of items whose call has a limit.
class item_timekeeper {
  public:
    virtual ~item_timekeeper() = default;
    virtual void begin(const running_items& run) noexcept = 0;
    virtual void end(const running_items& run) noexcept = 0;
};
/// From now on it is told of them. It must outlive them all; null for nobody.
void keep_time_of_items(item_timekeeper* keeper) noexcept;

} // namespace mpimap::detail
