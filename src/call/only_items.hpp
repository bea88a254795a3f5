#pragma once

// MPIMAP_ONLY: some items of one call of the program, run by themselves, so that a debugger stops where they
// throw.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <mpimap/detail/job.hpp>

namespace mpimap::detail {

/// "3,117-120". Throws invalid_argument where the text is no such list.
[[nodiscard]] std::vector<item_range> items_named(std::string_view list);
/// Throws invalid_argument where a call with so many items has not all of them.
void check_are_there(const std::vector<item_range>& only, std::size_t items, std::uint64_t ordinal);

/// What the environment asks of the call with this ordinal: nothing, as a rule. MPIMAP_CALL says which call
/// MPIMAP_ONLY means, the first if there is none. Throws invalid_argument where either makes no sense.
[[nodiscard]] std::optional<std::vector<item_range>> only_items_of(std::uint64_t ordinal);

/// Runs them, one after the other, with the root's own copy of the function, and says so on the standard
/// error. What they throw, nobody catches: the program is aborted where it is thrown.
void run_alone(root_job& job, const std::vector<item_range>& only);

/// At the end of a program that has run all of its calls as ever: says so on the standard error, if it was to
/// run some items by themselves.
void tell_if_never_run() noexcept;

} // namespace mpimap::detail
