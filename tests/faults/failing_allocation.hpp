#pragma once

namespace faults {

/// The n-th allocation from now on fails, on whatever thread, and with `all_behind` all that follow; 0: none
/// does.
void fail_allocation(long n, bool all_behind = false) noexcept;
/// Whether one has since the last question.
[[nodiscard]] bool allocation_has_failed() noexcept;

} // namespace faults
