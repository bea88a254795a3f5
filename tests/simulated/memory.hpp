#pragma once

// Memory that runs out: one allocation of a run fails. Where it does in code that encodes, decodes or runs
// items, that is a failure like others; elsewhere in the engine it may end the job.

#include <cstdint>

namespace simulated {

enum class code { of_items, engine };

/// The n-th allocation from now on fails that is made where some may, in code of items or `everywhere` in the
/// engine; 0: none does.
void fail_allocation(std::uint64_t n, bool everywhere) noexcept;
/// Whether the job may end for that.
[[nodiscard]] bool engine_has_failed() noexcept;
/// Whether it has.
[[nodiscard]] bool allocation_has_failed() noexcept;

/// Allocations may fail while one lives.
class frail {
  public:
    explicit frail(code where = code::of_items) noexcept;
    ~frail();
    frail(const frail&) = delete;
    frail& operator=(const frail&) = delete;

  private:
    int scopes_;
};
/// Calls the engine.
template <typename Function>
auto frailly(const Function& f) -> decltype(f()) {
    const frail here(code::engine);
    return f();
}
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
