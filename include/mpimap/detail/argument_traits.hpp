#pragma once

// The kinds of arguments that a call takes, and what the function gets of each.

#include <cstddef>
#include <memory>
#include <optional>
#include <ranges>
#include <type_traits>

namespace mpimap::detail {

/// What a call at its root needs of a constant.
template <typename T>
struct constant {
    const T* value;
    std::shared_ptr<const void> keep = {}; // what it lives in, unless the caller sees to that
    std::shared_ptr<void> in_store = {};   // set where a pool's ranks have it already
};

template <typename T>
struct broadcast_argument {
    using value_type = std::remove_cvref_t<T>;
    T value; // a reference to an lvalue, which outlives the call, or the value itself
    [[nodiscard]] constant<value_type> as_constant() const { return {std::addressof(value)}; }
};

struct index_argument {
    std::size_t first = 0;
    std::optional<std::size_t> last = {};
};

template <typename A>
struct argument_traits {
    static constexpr bool is_broadcast = false;
    static constexpr bool is_index = false;
};
template <typename T>
struct argument_traits<broadcast_argument<T>> {
    static constexpr bool is_broadcast = true;
    static constexpr bool is_index = false;
};
template <>
struct argument_traits<index_argument> {
    static constexpr bool is_broadcast = false;
    static constexpr bool is_index = true;
};

template <typename A>
using traits_of = argument_traits<std::remove_cvref_t<A>>;

template <typename A>
concept mappable_range = !traits_of<A>::is_broadcast && !traits_of<A>::is_index &&
                         std::ranges::forward_range<std::remove_reference_t<A>>;
template <typename A>
concept map_argument = traits_of<A>::is_broadcast || traits_of<A>::is_index || mappable_range<A>;

/// The type of what the function gets from argument A, without const and reference.
template <typename A>
struct element {
    using type = void;
};
template <mappable_range A>
struct element<A> {
    using type = std::remove_cv_t<std::ranges::range_value_t<std::remove_reference_t<A>>>;
};
template <typename A>
    requires(traits_of<A>::is_broadcast)
struct element<A> {
    using type = typename std::remove_cvref_t<A>::value_type;
};
template <typename A>
    requires(traits_of<A>::is_index)
struct element<A> {
    using type = std::size_t;
};
template <typename A>
using element_t = typename element<A>::type;

} // namespace mpimap::detail
