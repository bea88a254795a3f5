#pragma once

// Why a function cannot be sent, and what of it is to blame.

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <ranges>
#include <type_traits>
#include <utility>

#include <mpimap/codec.hpp>
#include <mpimap/detail/examine_value.hpp>
#include <mpimap/detail/finding.hpp>
#include <mpimap/function.hpp>

namespace mpimap::detail {

/// Wrappers of the standard library around a function: what they hold does not show, or is a pointer, whose
/// bytes mean nothing on another rank.
template <typename F>
inline constexpr problem wrapper_problem =
    std::is_bind_expression_v<F> ? problem::function_hidden_in_wrapper : problem::none;
template <typename R, typename... A>
inline constexpr problem wrapper_problem<std::function<R(A...)>> = problem::function_hidden_in_wrapper;
template <typename F>
inline constexpr problem wrapper_problem<std::reference_wrapper<F>> = problem::pointer_in_wrapper;

template <typename T>
inline constexpr bool is_some_pointer = std::is_pointer_v<T> || std::is_member_pointer_v<T>;
template <typename T>
inline constexpr bool is_some_pointer<std::reference_wrapper<T>> = true;

// The types of these wrappers have no names that all libraries share.
template <template <typename> typename Wrapper, typename F>
    requires(is_some_pointer<F>&& requires(F f) {
        { std::not_fn(f) } -> std::same_as<Wrapper<F>>;
    })
inline constexpr problem wrapper_problem<Wrapper<F>> = problem::pointer_in_wrapper;
template <template <typename> typename Wrapper, typename F>
    requires(std::is_member_pointer_v<F>&& requires(F f) {
        { std::mem_fn(f) } -> std::same_as<Wrapper<F>>;
    })
inline constexpr problem wrapper_problem<Wrapper<F>> = problem::pointer_in_wrapper;
template <template <typename, typename...> typename Wrapper, typename F, typename... Bound>
    requires((is_some_pointer<F> || ... || is_some_pointer<Bound>)&&requires(F f, Bound... b) {
        { std::bind_front(f, b...) } -> std::same_as<Wrapper<F, Bound...>>;
    })
inline constexpr problem wrapper_problem<Wrapper<F, Bound...>> = problem::pointer_in_wrapper;

/// Lambdas that copying leaves as they are, and whose members the compiler does not show, since a class in
/// them is not trivial or not for constants: they cannot be told from those with a reference.
template <typename F>
concept looks_like_a_reference =
    std::is_class_v<F> && !std::is_aggregate_v<F> && !std::is_standard_layout_v<F> &&
    std::is_trivially_copy_constructible_v<F> && std::is_trivially_destructible_v<F> &&
    (!__is_trivially_copyable(F) || !__is_literal_type(F));

template <typename F, typename... Where>
consteval auto examine_function();

/// Bound to a function: what a pointer or reference leads to is sent, not the pointer.
template <typename B, typename... Where>
struct bound_argument {
    static consteval auto examine() {
        if constexpr (encodable<B>) {
            return examine_value<for_functions, B, Where...>();
        } else if constexpr (carried<B>::supported) {
            return no_finding{};
        } else {
            // Neither a value nor a function: as a value it has more to say.
            return most_telling<problem::function_cannot_be_sent>(
                no_finding{}, examine_value<for_functions, B, Where...>(), examine_function<B, Where...>());
        }
    }
};
template <typename B, typename Object, typename... Where>
struct bound_pointer {
    static consteval auto examine() {
        if constexpr (carried<B>::supported) {
            return no_finding{};
        } else if constexpr (std::is_polymorphic_v<Object> || std::is_void_v<Object>) {
            return finding<problem::function_cannot_be_sent, Object, Where...>{};
        } else {
            return examine_value<for_functions, std::remove_cv_t<Object>, Where...>();
        }
    }
};
template <typename T, typename... Where>
    requires(!std::is_function_v<T>)
struct bound_argument<T*, Where...> : bound_pointer<T*, T, Where...> {};
template <typename T, typename... Where>
struct bound_argument<std::reference_wrapper<T>, Where...>
    : bound_pointer<std::reference_wrapper<T>, T, Where...> {};
template <typename T, typename... Where>
struct bound_argument<std::shared_ptr<T>, Where...> : bound_pointer<std::shared_ptr<T>, T, Where...> {};

/// Functions that this library made of others: the problem is that of a part.
template <typename F, typename... Where>
struct composed {
    static constexpr bool known = false;
};
template <typename Order, typename F, typename... B, typename... Where>
struct composed<binder<Order, F, B...>, Where...> {
    static constexpr bool known = true;
    static consteval auto examine() {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return first_of(examine_function<F, Where...>(),
                            bound_argument<B, Where..., at::bound<I + 1>>::examine()...);
        }
        (std::index_sequence_for<B...>{});
    }
};
template <typename Factory, typename... Where>
struct composed<per_rank_function<Factory>, Where...> {
    static constexpr bool known = true;
    static consteval auto examine() {
        using own = finding<problem::factory_does_not_fit, Factory, Where...>;
        constexpr auto p = examine_function<Factory, Where...>();
        if constexpr (!is_none<decltype(p)>) {
            return p;
        } else if constexpr (!std::is_invocable_v<callable_of<Factory>&>) {
            return own{};
        } else if constexpr (std::is_void_v<std::invoke_result_t<callable_of<Factory>&>>) {
            return own{};
        } else {
            return p;
        }
    }
};

/// Why an F cannot be sent.
template <typename F, typename... Where>
consteval auto examine_function() {
    if constexpr (wrapper_problem<F> != problem::none) {
        return finding<wrapper_problem<F>, F, Where...>{};
    } else if constexpr (composed<F, Where...>::known) {
        return composed<F, Where...>::examine();
    } else if constexpr (function_copy<F>::supported) {
        if constexpr (encodable<F>) {
            return examine_value<for_functions, F, Where...>();
        } else {
            return no_finding{};
        }
    } else if constexpr (std::ranges::range<F> || std::is_arithmetic_v<F>) {
        // The arguments of the call are in another order.
        return finding<problem::function_does_not_fit, F, Where...>{};
    } else if constexpr (std::is_class_v<F> && inherits_serialize<F>()) {
        return finding<problem::inherited_serialize, F, Where...>{};
    } else if constexpr (std::is_class_v<F> && std::is_aggregate_v<F> && !has_own_shipping<F>) {
        return first_of(examine_value<for_functions, F, Where...>(),
                        finding<problem::function_cannot_be_sent, F, Where...>{});
    } else if constexpr (looks_like_a_reference<F>) {
        return finding<problem::capture_like_a_reference, F, Where...>{};
    } else {
        return finding<problem::function_cannot_be_sent, F, Where...>{};
    }
}

template <typename F>
using function_finding = decltype(examine_function<F, at::function>());

} // namespace mpimap::detail
