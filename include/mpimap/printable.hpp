#pragma once

// Which arguments errors show.

#include <ostream>
#include <ranges>
#include <type_traits>

namespace mpimap {

namespace detail {

template <typename T>
concept has_output_operator = requires(std::ostream& out, const T& value) {
    out << value;
};

/// A range, whose operator may be one for ranges of anything, is printed if its elements are.
template <typename T>
consteval bool can_be_printed() {
    if constexpr (std::is_pointer_v<T> || !has_output_operator<T>) {
        return false;
    } else if constexpr (std::ranges::input_range<const T>) {
        using element = std::remove_cvref_t<std::ranges::range_reference_t<const T>>;
        if constexpr (std::is_same_v<element, T>) {
            return true; // a path
        } else {
            return can_be_printed<element>();
        }
    } else {
        return true;
    }
}

} // namespace detail

/// Whether errors show an argument by its `operator<<`. Set it to false for a type whose operator is
/// declared, but does not compile or writes too much.
///
///     template <> inline constexpr bool mpimap::is_printable<mesh> = false;
template <typename T>
inline constexpr bool is_printable = detail::can_be_printed<T>();

} // namespace mpimap
