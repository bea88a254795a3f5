#pragma once

// Which call of the program this is, as the program counts them.

#include <cstdint>

namespace mpimap::detail {

/// Counts a call of this process: from 1, over all communicators and pools. 0 for one that an item makes,
/// which is not counted: how many there were before it depends on which items have run here.
[[nodiscard]] std::uint64_t next_call_ordinal() noexcept;
/// How many have been counted.
[[nodiscard]] std::uint64_t calls_begun() noexcept;

} // namespace mpimap::detail
