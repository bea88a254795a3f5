#pragma once

// Memory that runs out: one allocation of a run fails, in code that encodes, decodes or runs items.

#include <cstdint>

namespace simulated {

/// The n-th allocation from now on fails that is made where some may; 0: none does.
void fail_allocation(std::uint64_t n) noexcept;
/// Whether it has.
[[nodiscard]] bool allocation_has_failed() noexcept;

/// Allocations may fail while one lives.
class frail {
  public:
    frail() noexcept;
    ~frail();
    frail(const frail&) = delete;
    frail& operator=(const frail&) = delete;
};
/// They may not after all.
class sturdy {
  public:
    sturdy() noexcept;
    ~sturdy();
    sturdy(const sturdy&) = delete;
    sturdy& operator=(const sturdy&) = delete;

  private:
    int before_;
};

} // namespace simulated
