#pragma once

// What results of a call belong to: its function, by name and contents, and its arguments, by sums.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <mpimap/detail/job.hpp>
#include <mpimap/options.hpp>

#include "journal/contents.hpp"

namespace mpimap::detail {

/// Writes the function, as far as options::journal_key does not name it: may run code of the user's.
[[nodiscard]] journal::call_info info_of(const options& o, root_job& job);

/// Encodes arguments, a few at a time: they may be large. All sums depend on what all items have in common.
class argument_sums {
  public:
    explicit argument_sums(root_job& job);

    /// Of all items; of what is not sent item by item only how many there are.
    [[nodiscard]] std::vector<journal::block_sum> of_blocks();
    [[nodiscard]] std::uint64_t of_item(std::size_t item);

  private:
    std::size_t add(item_range items, journal::checksum& sum);

    root_job& job_;
    std::uint64_t common_ = 0;
    outgoing arguments_;      // memory for them
    std::size_t written_ = 0; // bytes, of the last ones
};

} // namespace mpimap::detail
