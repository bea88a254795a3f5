#pragma once

// Which call of the program this is, as the program counts them, and whether its items are running.

#include <cstdint>

namespace mpimap::detail {

/// Counts a call of this process: from 1, over all communicators and pools. 0 for one that an item makes,
/// which is not counted: how many there were before it depends on which items have run here.
[[nodiscard]] std::uint64_t next_call_ordinal() noexcept;
/// How many have been counted.
[[nodiscard]] std::uint64_t calls_begun() noexcept;

/// This thread runs items while one lives.
class items_run_here {
  public:
    items_run_here() noexcept;
    ~items_run_here();
    items_run_here(const items_run_here&) = delete;
    items_run_here& operator=(const items_run_here&) = delete;

    /// Whether nobody catches what they throw: see nobody_catches.
    [[nodiscard]] bool uncaught() const noexcept { return uncaught_; }

  private:
    bool uncaught_;
};

/// Runs it so that nobody catches what it throws: the program ends where it is thrown.
void run_uncaught(void (*run)(const void*), const void* context) noexcept;
template <typename Run>
void run_uncaught(const Run& run) noexcept {
    run_uncaught([](const void* r) { (*static_cast<const Run*>(r))(); }, &run);
}

/// While one lives, what an item throws in this thread ends the program where it was thrown, as if nobody
/// caught it; not what items of a call throw that the item makes, which may catch that.
class nobody_catches {
  public:
    nobody_catches() noexcept;
    ~nobody_catches();
    nobody_catches(const nobody_catches&) = delete;
    nobody_catches& operator=(const nobody_catches&) = delete;
};

} // namespace mpimap::detail
