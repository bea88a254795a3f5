#pragma once

// How ranks pass on what they all need, so that nobody sends it to more than log2 of their number.

#include <cstddef>
#include <vector>

#include <mpimap/detail/stream.hpp>

namespace mpimap::detail {

/// A rank that gets it.
struct hop {
    std::size_t rank = 0;
    bool first = false;          // from the one who has it; otherwise from another hop
    std::vector<std::size_t> to; // to whom it is sent on
};

/// A binomial tree over all of `ranks`, which are different: by way of the first hop half of them are
/// reached, by way of the second half of the others, and so on.
[[nodiscard]] std::vector<hop> tree_over(const std::vector<std::size_t>& ranks);

/// To whom it is sent on, as a message's content.
void write_ranks(writer& out, const std::vector<std::size_t>& ranks);
/// Throws serialization_error where one is not among `size` ranks.
[[nodiscard]] std::vector<int> read_ranks(reader& in, int size);

} // namespace mpimap::detail
