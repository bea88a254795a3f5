#pragma once

// Which call of the program this is, as the program counts them.

#include <cstdint>

namespace mpimap::detail {

/// Counts a call of this process: from 1, over all communicators and pools. 0 for one that an item makes,
/// which is not counted: how many there were before it depends on which items have run here.
[[nodiscard]] std::uint64_t next_call_ordinal() noexcept;

/// This thread runs items while one lives.
class items_run_here {
  public:
    items_run_here() noexcept;
    ~items_run_here();
    items_run_here(const items_run_here&) = delete;
    items_run_here& operator=(const items_run_here&) = delete;
};

} // namespace mpimap::detail
