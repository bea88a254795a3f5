#pragma once

// What a journal has of items, given to the job that makes the same call again.

#include <cstddef>
#include <optional>
#include <vector>

#include <mpimap/detail/job.hpp>

#include "journal/contents.hpp"

namespace mpimap::detail {

/// Results of items, but of those which failed. False where they cannot be read: then it has none of them.
/// Throws what putting them in place does.
[[nodiscard]] bool give_results(root_job& job, const journal::encoded& results, item_range items,
                                const std::vector<std::size_t>& without);
/// A record of them, which are done then.
[[nodiscard]] bool give_record(root_job& job, const journal::kept_items::entry& record);

/// Of a record; nothing where it cannot be read, or is of another item than it says.
[[nodiscard]] std::optional<failure> failure_of(const journal::kept_items::entry& record);

} // namespace mpimap::detail
