#pragma once

// What stands behind the function in a call: ranges, broadcast(x), indices(n); grid(...) is in grid.hpp.

#include <cstddef>
#include <utility>

#include <mpimap/detail/argument_traits.hpp>
#include <mpimap/detail/columns.hpp> // IWYU pragma: export
#include <mpimap/errors.hpp>
#include <mpimap/printable.hpp> // IWYU pragma: export

namespace mpimap {

/// One value for all items: sent to every rank once per call, by broadcast, and passed to the function as
/// `const T&`. In a pool sent to the ranks that run items, unless the same content is there from earlier
/// calls; large ones go from rank to rank, so that the root sends them to about log2 of their number.
///
/// An lvalue is referred to and must not change during the call; the root's own items read it in place.
template <typename T>
[[nodiscard]] auto broadcast(T&& value) {
    return detail::broadcast_argument<T>{std::forward<T>(value)};
}

/// The numbers 0, 1, ... n-1 as `std::size_t`: the index is the argument. Bounds are sent, not numbers.
[[nodiscard]] inline detail::index_argument indices(std::size_t n) {
    return {0, n};
}
/// The numbers first, ... last-1. Throws invalid_argument on the calling rank if last < first.
[[nodiscard]] inline detail::index_argument indices(std::size_t first, std::size_t last) {
    if (last < first)
        throw invalid_argument("mpimap: indices(first, last): last is less than first");
    return {first, last};
}
/// The numbers 0, 1, ... as long as the other arguments are.
[[nodiscard]] inline detail::index_argument indices() {
    return {};
}

} // namespace mpimap
