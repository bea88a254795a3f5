#pragma once

// The first problem of a reduction.

#include <functional>
#include <type_traits>

#include <mpimap/arguments.hpp>
#include <mpimap/detail/examine_call.hpp>
#include <mpimap/detail/examine_function.hpp>
#include <mpimap/detail/examine_value.hpp>
#include <mpimap/detail/finding.hpp>
#include <mpimap/function.hpp>

namespace mpimap::detail {

/// Operations that refer to their operands, and to nothing that ends with them.
template <typename Op>
inline constexpr bool keeps_operands = false;
template <>
inline constexpr bool keeps_operands<std::plus<>> = true;
template <>
inline constexpr bool keeps_operands<std::minus<>> = true;
template <>
inline constexpr bool keeps_operands<std::multiplies<>> = true;

/// Objects that look like a function of the elements, or of anything.
template <typename T, typename... Args>
consteval bool is_some_function() {
    if constexpr (requires { &T::operator(); }) {
        return true;
    } else if constexpr ((map_argument<Args> && ...)) {
        return fits<T, element_t<Args>...>;
    } else {
        return std::is_function_v<std::remove_pointer_t<T>>;
    }
}

/// Whether the operation and the function stand in each other's place.
template <typename T, typename Op, typename F, typename... Args>
consteval bool are_swapped() {
    if constexpr (is_none<function_finding<F>> && is_none<function_finding<Op>>) {
        return !fits<callable_of<F>, element_t<Args>...> && fits<callable_of<Op>, element_t<Args>...> &&
               std::is_invocable_v<callable_of<F>&, T, T>;
    } else {
        return false;
    }
}

/// Whether a fold in T cuts off what an R has: floating point to integral, or to a shorter type of the same
/// kind.
template <typename R, typename T>
inline constexpr bool cuts_off =
    std::is_arithmetic_v<R>&& std::is_arithmetic_v<T> && !std::is_same_v<R, bool> &&
    (std::is_floating_point_v<R> == std::is_floating_point_v<T> ? sizeof(T) < sizeof(R)
                                                                : std::is_floating_point_v<R>);

/// The first problem of a reduction by Op, in T, of what F gives for Args.
template <typename T, typename Op, typename F, typename... Args>
consteval auto find_reduction_problem() {
    if constexpr ((is_options<Args> || ...)) {
        return first_argument<are_options, problem::options_behind_function, Args...>();
    } else if constexpr (function_finding<Op>::what == problem::function_does_not_fit) {
        return finding<problem::reduction_out_of_order, Op, at::operation>{};
    } else if constexpr (function_finding<F>::what == problem::function_does_not_fit) {
        return finding<problem::reduction_out_of_order, F, at::function>{};
    } else {
        constexpr auto mapping = find_problem<true, F, Args...>();
        if constexpr (mapping.what == problem::function_does_not_fit) {
            if constexpr (are_swapped<T, Op, F, Args...>()) {
                return finding<problem::reduction_out_of_order, Op, at::operation>{};
            } else {
                return mapping;
            }
        } else if constexpr (!is_none<decltype(mapping)> &&
                             mapping.what != problem::result_refers_elsewhere &&
                             mapping.what != problem::result_cannot_be_sent) {
            return mapping; // results that cannot be sent need not be: T is
        } else if constexpr (!is_none<function_finding<Op>>) {
            return function_finding<Op>{};
        } else {
            using R = result_of<callable_of<F>, element_t<Args>...>;
            if constexpr (is_expression<T>) {
                return finding<problem::expression_or_view, T, at::init>{};
            } else if constexpr (!std::is_invocable_r_v<T, callable_of<Op>&, T, T> ||
                                 !std::is_convertible_v<R, T>) {
                constexpr problem p = is_some_function<T, Args...>() ? problem::reduction_out_of_order
                                                                     : problem::operation_does_not_fit;
                return finding<p, T, at::init>{};
            } else if constexpr (!keeps_operands<Op> &&
                                 is_expression<std::decay_t<std::invoke_result_t<callable_of<Op>&, T, T>>>) {
                // Of operands that it took by value, perhaps.
                return finding<problem::expression_or_view, Op, at::operation>{};
            } else if constexpr (cuts_off<R, T>) {
                return finding<problem::init_cuts_off, T, at::init>{};
            } else {
                return examine_value<for_results, T, at::init>();
            }
        }
    }
}

} // namespace mpimap::detail
