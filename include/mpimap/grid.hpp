#pragma once

// All combinations of some values, as arguments of a call.

#include <cstddef>
#include <type_traits>
#include <utility>

#include <mpimap/detail/examine_value.hpp>
#include <mpimap/detail/explain.hpp>
#include <mpimap/detail/finding.hpp>
#include <mpimap/detail/grid_axes.hpp>
#include <mpimap/grid_shape.hpp> // IWYU pragma: export

namespace mpimap {

namespace detail {

/// The first problem of the axes of a grid.
template <std::size_t Number, typename A>
consteval auto examine_axis() {
    if constexpr (!mappable_range<A> && !traits_of<A>::is_index) {
        return finding<problem::argument_is_no_range, std::remove_cvref_t<A>, at::axis<Number>>{};
    } else {
        return examine_value<for_elements, element_t<A>, at::axis<Number>>();
    }
}
template <typename... Axes>
consteval auto find_axis_problem() {
    return []<std::size_t... I>(std::index_sequence<I...>) {
        return first_of(examine_axis<I + 1, Axes>()...);
    }
    (std::index_sequence_for<Axes...>{});
}
template <typename>
using explained_axis = explained;

} // namespace detail

/// All combinations of the values of some axes, in the place of as many zipped ranges: the function gets one
/// value of each axis, as `const T&`. The last axis is the fastest, as in nested loops.
///
/// Axes are forward ranges of values that can be sent, or `indices(n)`. A grid stands beside `broadcast(x)`,
/// and beside ranges and other grids of as many items as it has points; in `mpi_starmap` in the place of the
/// tuples. Without values on one axis there are no items. Lvalues are referred to and must not change during
/// the call, rvalues are taken over, and shared by copies of the grid.
///
/// Sent: the values of each axis, once, as those of `broadcast(x)` are (in a pool to each rank that runs
/// items, unless it has them from an earlier call); of items the indices alone, so that a billion points take
/// the memory of their axes. The root reads arrays where they are; of any other range it makes one in each
/// call.
///
/// A call with it throws invalid_argument, on every rank, if there are more points than a std::size_t can
/// count, or an axis has no end.
///
///     auto e = mpimap::mpi_map(world, energy, mpimap::grid(volumes, temperatures));
///     const mpimap::grid_shape shape(volumes.size(), temperatures.size());
///     e[shape.index(3, 0)]; // energy(volumes[3], temperatures[0])
template <typename First, typename... More>
[[nodiscard]] auto grid(First&& first, More&&... more) {
    if constexpr (detail::explain(detail::find_axis_problem<First, More...>())) {
        return detail::grid_argument<First, More...>(std::forward<First>(first), std::forward<More>(more)...);
    } else {
        return detail::grid_argument<detail::explained, detail::explained_axis<More>...>(
            {}, detail::explained_axis<More>()...);
    }
}

} // namespace mpimap
