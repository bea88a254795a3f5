#pragma once

// The first problem of a call. It is looked for before anything else, and nothing else is instantiated where
// there is one: the text is the first error that the compiler prints.

#include <cstddef>
#include <ranges>
#include <type_traits>
#include <utility>

#include <mpimap/arguments.hpp>
#include <mpimap/detail/examine_function.hpp>
#include <mpimap/detail/examine_value.hpp>
#include <mpimap/detail/finding.hpp>
#include <mpimap/detail/run_items.hpp>
#include <mpimap/function.hpp>
#include <mpimap/options.hpp>

namespace mpimap::detail {

template <typename F, typename... Ts>
inline constexpr bool fits = takes_items<F, Ts...> || takes_task<F, Ts...>;

template <typename T>
inline constexpr bool is_options = std::is_base_of_v<options, std::remove_cvref_t<T>>;

/// What stands in the place of an argument that is not a range: the first of Args that Test holds for.
template <template <typename> typename Test, problem P, typename... Args>
consteval auto first_argument() {
    return []<std::size_t... I>(std::index_sequence<I...>) {
        return first_of(
            std::conditional_t<Test<Args>::value, finding<P, std::remove_cvref_t<Args>, at::argument<I + 1>>,
                               no_finding>{}...);
    }
    (std::index_sequence_for<Args...>{});
}
template <typename T>
struct are_options : std::bool_constant<is_options<T>> {};
template <typename T>
struct is_no_argument : std::bool_constant<!map_argument<T>> {};

template <typename T>
struct as_a_whole {
    using type = element_t<T>;
};
template <typename T>
    requires(std::ranges::range<T> && !traits_of<T>::is_broadcast)
struct as_a_whole<T> {
    using type = std::remove_cvref_t<T>;
};

/// A range whose elements F does not take, though it takes the range: a constant, such as a text.
template <typename F, typename... Args>
consteval auto find_constant() {
    return []<std::size_t... I>(std::index_sequence<I...>) {
        constexpr auto whole = []<std::size_t J>(std::integral_constant<std::size_t, J>) {
            return fits<F, typename std::conditional_t<I == J, as_a_whole<Args>,
                                                       std::type_identity<element_t<Args>>>::type...>;
        };
        return first_of(std::conditional_t<
                        (std::ranges::range<Args> && whole(std::integral_constant<std::size_t, I>{})),
                        finding<problem::constant_as_range, std::remove_cvref_t<Args>, at::argument<I + 1>>,
                        no_finding>{}...);
    }
    (std::index_sequence_for<Args...>{});
}

/// The first problem of the values that the function gets.
template <typename... Ts>
consteval auto examine_elements() {
    return []<std::size_t... I>(std::index_sequence<I...>) {
        return first_of(examine_value<for_elements, Ts, at::argument<I + 1>>()...);
    }
    (std::index_sequence_for<Ts...>{});
}

/// The first problem of a map of F over Args; `NeedsResult` where results travel.
template <bool NeedsResult, typename F, typename... Args>
consteval auto find_problem() {
    using of_function = function_finding<F>;
    if constexpr ((is_options<Args> || ...)) {
        return first_argument<are_options, problem::options_behind_function, Args...>();
    } else if constexpr (sizeof...(Args) == 0 || !(map_argument<Args> && ...)) {
        if constexpr (of_function::what == problem::function_does_not_fit) {
            return of_function{};
        } else {
            return first_of(first_argument<is_no_argument, problem::argument_is_no_range, Args...>(),
                            finding<problem::argument_is_no_range, F, at::function>{});
        }
    } else if constexpr ((traits_of<Args>::is_broadcast && ...)) {
        return finding<problem::only_constants, F, at::function>{};
    } else if constexpr (!is_none<of_function>) {
        return of_function{};
    } else {
        constexpr auto in_arguments = examine_elements<element_t<Args>...>();
        if constexpr (!is_none<decltype(in_arguments)>) {
            return in_arguments;
        } else if constexpr (!fits<callable_of<F>, element_t<Args>...>) {
            return first_of(find_constant<callable_of<F>, Args...>(),
                            finding<problem::function_does_not_fit, F, at::function>{});
        } else if constexpr (NeedsResult) {
            using R = result_of<callable_of<F>, element_t<Args>...>;
            if constexpr (std::is_void_v<R>) {
                return finding<problem::no_result, F, at::function>{};
            } else {
                return examine_value<for_results, R, at::result>();
            }
        } else {
            return no_finding{};
        }
    }
}

/// Whether there are elements to assign to, and not copies of them that a view computes, and their number can
/// be asked first.
template <typename Out>
concept writable_range =
    std::ranges::forward_range<Out> &&
    !std::is_same_v<std::ranges::range_reference_t<Out>, std::ranges::range_value_t<Out>> &&
    requires(Out & out) {
    *std::ranges::begin(out) = std::declval<std::ranges::range_value_t<Out>>();
};

/// The first problem of a map of F over Args whose results go into Out.
template <typename Out, typename F, typename... Args>
consteval auto find_output_problem() {
    if constexpr ((is_options<Args> || ...)) {
        return first_argument<are_options, problem::options_behind_function, Args...>();
    } else if constexpr (!writable_range<Out>) {
        if constexpr (function_finding<F>::what == problem::function_does_not_fit) {
            return function_finding<F>{};
        } else {
            return finding<problem::output_does_not_fit, Out>{};
        }
    } else {
        constexpr auto mapping = find_problem<true, F, Args...>();
        if constexpr (!is_none<decltype(mapping)>) {
            return mapping;
        } else {
            using R = result_of<callable_of<F>, element_t<Args>...>;
            return std::conditional_t<std::is_constructible_v<std::ranges::range_value_t<Out>, R>, no_finding,
                                      finding<problem::output_does_not_fit, R, at::result>>{};
        }
    }
}

/// Whether a call can keep an F of the G that it was given.
template <typename F, typename G>
using keeping_finding = std::conditional_t<std::is_constructible_v<F, G&&> && std::is_move_constructible_v<F>,
                                           no_finding, finding<problem::cannot_be_kept, F, at::function>>;

/// The first problem of a map over Args that keeps an F of the G that it was given.
template <typename F, typename G, typename... Args>
consteval auto find_kept_problem() {
    return first_of(find_problem<true, F, Args...>(), keeping_finding<F, G>{});
}

/// Whether F, if it is a function of a T at all, returns nothing.
template <typename F, typename T>
consteval bool returns_nothing() {
    if constexpr (is_none<function_finding<F>>) {
        if constexpr (fits<callable_of<F>, T>)
            return std::is_void_v<result_of<callable_of<F>, T>>;
    }
    return false;
}
template <typename F, typename T>
inline constexpr bool gives_nothing = returns_nothing<F, T>();

} // namespace mpimap::detail
