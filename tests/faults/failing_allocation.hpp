#pragma once

namespace faults {

/// The n-th allocation from now on fails, on whatever thread; 0: none does.
void fail_allocation(long n) noexcept;
/// Whether one has since the last question.
[[nodiscard]] bool allocation_has_failed() noexcept;

} // namespace faults
