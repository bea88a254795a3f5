#pragma once

// The kinds of arguments that a call takes, and what the function gets of each.

#include <cstddef>
#include <memory>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>

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
    static constexpr bool is_axis = false; // of a grid
    static constexpr bool is_grid = false; // several arguments in one, until the call takes it apart
};
template <typename T>
struct argument_traits<broadcast_argument<T>> : argument_traits<void> {
    static constexpr bool is_broadcast = true;
};
template <>
struct argument_traits<index_argument> : argument_traits<void> {
    static constexpr bool is_index = true;
};

template <typename A>
using traits_of = argument_traits<std::remove_cvref_t<A>>;

/// Sent before all items, which have nothing of their own in it.
template <typename A>
concept sent_ahead = traits_of<A>::is_broadcast || traits_of<A>::is_index || traits_of<A>::is_axis;
template <typename A>
concept mappable_range = !sent_ahead<A> && std::ranges::forward_range<std::remove_reference_t<A>>;
template <typename A>
concept map_argument = sent_ahead<A> || mappable_range<A>;

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
    requires(traits_of<A>::is_broadcast || traits_of<A>::is_axis)
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

/// What all ranks of a collective call must have in common of an argument: its elements, and how they are
/// sent.
template <typename A>
struct sent_form {
    using type = element_t<A>;
};
template <typename A>
    requires(traits_of<A>::is_broadcast)
struct sent_form<A> {
    using type = broadcast_argument<element_t<A>>;
};
template <typename A>
    requires(traits_of<A>::is_index)
struct sent_form<A> {
    using type = index_argument;
};
template <typename A>
using sent_form_t = typename sent_form<A>::type;

/// Whether some of the arguments are to be taken apart.
template <typename... Args>
concept with_grid = (traits_of<Args>::is_grid || ...);

template <typename A>
auto taken_apart(A&& a) {
    if constexpr (traits_of<A>::is_grid) {
        return a.axes();
    } else {
        return std::tuple<A&&>(std::forward<A>(a));
    }
}
/// Calls `f` with the arguments, each grid replaced by its axes: from there on all have one element for each
/// parameter of the function.
template <typename Call, typename... Args>
auto take_apart(const Call& f, Args&&... args) {
    return std::apply(f, std::tuple_cat(taken_apart(std::forward<Args>(args))...));
}

} // namespace mpimap::detail
