#pragma once

// What keeps a call from being compiled: which problem it has, which type is to blame and where it was met. A
// call first looks for problems here and instantiates nothing else when there is one. checks.hpp has the
// texts.

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <ranges>
#include <type_traits>
#include <utility>

#include <mpimap/arguments.hpp>
#include <mpimap/codec.hpp>
#include <mpimap/detail/run_items.hpp>
#include <mpimap/function.hpp>
#include <mpimap/options.hpp>

namespace mpimap::detail {

/// In the order of the numbers M01, M02, ... that the texts have.
enum class problem {
    none,
    argument_is_no_range,
    function_cannot_be_sent,
    function_hidden_in_wrapper,
    function_does_not_fit,
    elements_refer_elsewhere,
    elements_cannot_be_sent,
    struct_cannot_be_taken_apart,
    result_refers_elsewhere,
    result_cannot_be_sent,
    no_result,
    no_default_constructor,
    only_constants,
    operation_does_not_fit,
    pointer_needs_boost,
    factory_does_not_fit,
    output_does_not_fit,
    submitted_no_value,
    cannot_be_kept,
    inherited_serialize,
    expression_or_view,
    serialize_of_cereal,
    options_behind_function,
    reduction_out_of_order,
    constant_as_range,
    init_cuts_off,
    pointer_in_wrapper,
    capture_like_a_reference
};

// ---------------------------------------------------------------- what was found, and where

/// Where a type was met. The compiler prints these names, from the outside inwards, beside the error.
namespace at {
template <std::size_t Number>
struct argument {}; // the first one behind the function has the number 1
struct function {};
struct operation {};
struct init {};
struct result {};
template <std::size_t Number>
struct bound {}; // to the function, by bind_front or bind_back, from 1
template <std::size_t Number, typename Struct>
struct member {}; // in the order of declaration, from 1
template <typename Type>
struct part_of {}; // an element of a container, what a pointer owns
} // namespace at

/// A problem, the type that has it, and where that type was met.
template <problem P, typename Culprit = void, typename... Where>
struct finding {
    static constexpr problem what = P;
};
using no_finding = finding<problem::none>;
/// Of a type that contains one that is being examined already, and nothing else to blame.
struct under_way : no_finding {};

template <typename Finding>
concept is_none = Finding::what == problem::none;

/// The first finding that is one.
consteval auto first_of() {
    return no_finding{};
}
template <typename First, typename... More>
consteval auto first_of(First first, More... more) {
    if constexpr (is_none<First>) {
        return first_of(more...);
    } else {
        return first;
    }
}

/// The first finding that says more than `Vague`, or else the first one, or else `own`.
template <problem Vague, typename Own>
consteval auto most_telling(Own own) {
    return own;
}
template <problem Vague, typename Own, typename First, typename... More>
consteval auto most_telling(Own own, First first, More... more) {
    if constexpr (!is_none<First> && First::what != Vague) {
        return first;
    } else {
        constexpr auto later = most_telling<Vague>(own, more...);
        constexpr bool tells_more = !is_none<decltype(later)> && later.what != Vague;
        if constexpr (tells_more || std::is_same_v<First, no_finding>) {
            return later;
        } else if constexpr (is_none<First> && !is_none<decltype(later)>) {
            return later;
        } else {
            return first;
        }
    }
}

// ---------------------------------------------------------------- values

template <typename T>
consteval bool cannot_be_taken_apart() {
    if constexpr (std::is_class_v<T> && std::is_aggregate_v<T> && !has_standard_codec<T>) {
        return !can_take_apart<T>();
    } else {
        return false;
    }
}

template <typename T>
struct cannot_be_made {
    static consteval bool find() {
        if constexpr (choose_encoding<T>() == encoding::none) {
            return false; // an allocator, a hash: not read
        } else {
            return !makeable<T>();
        }
    }
    static constexpr bool value = find();
};

/// A smart pointer whose encoding comes with mpimap/serialization.hpp.
template <typename T>
inline constexpr bool waits_for_boost = false;
template <typename T>
    requires(!std::is_array_v<T> && is_complete<T>)
inline constexpr bool waits_for_boost<std::unique_ptr<T>> = std::is_polymorphic_v<T>;
template <typename T>
    requires(!std::is_array_v<T> && is_complete<T>)
inline constexpr bool waits_for_boost<std::shared_ptr<T>> =
    std::is_polymorphic_v<T> || has_serialize<std::remove_cv_t<T>>();

/// What to say of a type that refers to something elsewhere, and of one that cannot be sent for no reason
/// that has a number.
template <problem Elsewhere, problem Otherwise>
struct answers {
    static constexpr problem elsewhere = Elsewhere;
    static constexpr problem otherwise = Otherwise;
};

template <typename Answers, typename T, typename... Where>
consteval auto examine_part();

/// Where the I-th part of a T is.
template <typename T, std::size_t I>
using place_in = std::conditional_t<has_standard_codec<T>, at::part_of<T>, at::member<I + 1, T>>;

/// Whether a member that is read in place is const.
template <typename T>
consteval bool has_stuck_const() {
    if constexpr (can_take_apart<T>() && !std::is_trivially_copyable_v<T>) {
        return any_part<std::is_const>(member_types<T>{});
    } else {
        return false;
    }
}

template <typename Answers, typename T, typename... Where, typename... Parts, std::size_t... I>
consteval auto examine_parts(type_list<Parts...>, std::index_sequence<I...>) {
    using of_const =
        std::conditional_t<has_stuck_const<T>(), finding<problem::struct_cannot_be_taken_apart, T, Where...>,
                           no_finding>;
    return most_telling<Answers::otherwise>(
        no_finding{}, examine_part<Answers, Parts, Where..., place_in<T, I>>()..., of_const{});
}

template <typename Found, typename Own>
consteval auto found_or(Found found, Own own) {
    if constexpr (std::is_same_v<Found, no_finding>) {
        return own;
    } else {
        return found;
    }
}

/// The part of a T to blame, where a T cannot be sent.
template <typename Answers, typename T, typename... Where>
consteval auto examine_inside() {
    using own = finding<Answers::otherwise, T, Where...>;
    if constexpr (has_standard_codec<T> || can_take_apart<T>() ||
                  (std::is_trivially_copyable_v<T> && shows_members<T>)) {
        return found_or(
            []<typename... Parts>(type_list<Parts...> parts) {
                return examine_parts<Answers, T, Where...>(parts, std::index_sequence_for<Parts...>{});
            }(list_parts<T>()),
            own{});
    } else if constexpr (cannot_be_taken_apart<T>()) {
        return finding<problem::struct_cannot_be_taken_apart, T, Where...>{};
    } else {
        return own{};
    }
}

template <typename T, typename... Where>
inline constexpr bool is_being_examined = false;
template <typename T, std::size_t N, typename... Where>
inline constexpr bool is_being_examined<T, at::member<N, T>, Where...> = true;
template <typename T, typename First, typename... Where>
inline constexpr bool is_being_examined<T, First, Where...> = is_being_examined<T, Where...>;

template <typename A>
concept is_allocator = requires(A a) {
    a.allocate(1);
};

template <typename Answers, typename T, typename... Where>
consteval auto examine_part() {
    if constexpr (is_expression<T>) {
        return finding<problem::expression_or_view, T, Where...>{};
    } else if constexpr (is_allocator<T>) {
        return no_finding{}; // if it is to blame, its container is
    } else if constexpr (encodable<T>) {
        if constexpr (!contains<T, cannot_be_made>) {
            return no_finding{};
        } else {
            using culprit = typename decltype(first_with<cannot_be_made>(contained_types<T>{}))::type;
            return finding<problem::no_default_constructor, culprit, Where...>{};
        }
    } else if constexpr (is_being_examined<T, Where...>) {
        return under_way{};
    } else if constexpr (waits_for_boost<T>) {
        return finding<problem::pointer_needs_boost, T, Where...>{};
    } else if constexpr (refers_elsewhere<T>()) {
        return finding<Answers::elsewhere, T, Where...>{};
    } else if constexpr (!is_complete<T>) {
        return finding<Answers::otherwise, T, Where...>{};
    } else if constexpr (inherits_serialize<T>()) {
        return finding<problem::inherited_serialize, T, Where...>{};
    } else if constexpr (has_cereals_serialize<T>()) {
        return finding<problem::serialize_of_cereal, T, Where...>{};
    } else {
        return examine_inside<Answers, T, Where...>();
    }
}

/// Why values of T cannot travel.
template <typename Answers, typename T, typename... Where>
consteval auto examine_value() {
    constexpr auto found = examine_part<Answers, T, Where...>();
    if constexpr (is_none<decltype(found)> && !encodable<T>) {
        return finding<Answers::otherwise, T, Where...>{};
    } else {
        return found;
    }
}

using for_elements = answers<problem::elements_refer_elsewhere, problem::elements_cannot_be_sent>;
using for_results = answers<problem::result_refers_elsewhere, problem::result_cannot_be_sent>;
using for_functions = answers<problem::function_cannot_be_sent, problem::function_cannot_be_sent>;

// ---------------------------------------------------------------- functions

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

template <typename F, typename... Ts>
inline constexpr bool fits = takes_items<F, Ts...> || takes_task<F, Ts...>;

// ---------------------------------------------------------------- calls

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
