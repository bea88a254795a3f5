#pragma once

// Every text with which the compiler answers a mistake in a call: number, cause, remedy. docs/errors.md has a
// page for each. A call first looks for problems here and instantiates nothing else when there is one.

#include <functional>
#include <memory>
#include <type_traits>

#include <mpimap/arguments.hpp>
#include <mpimap/codec.hpp>
#include <mpimap/detail/kernel.hpp>
#include <mpimap/function.hpp>

namespace mpimap::detail {

enum class problem { none = 0, M01 = 1, M02, M03, M04, M05, M06, M07, M08, M09, M10, M11, M12, M13, M14 };

template <typename F>
inline constexpr bool is_std_wrapper = std::is_bind_expression_v<F>;
template <typename R, typename... A>
inline constexpr bool is_std_wrapper<std::function<R(A...)>> = true;

/// A smart pointer whose encoding comes with mpimap/serialization.hpp.
template <typename T>
inline constexpr bool is_smart_pointer = false;
template <typename T>
inline constexpr bool is_smart_pointer<std::unique_ptr<T>> = !std::is_array_v<T>;
template <typename T>
inline constexpr bool is_smart_pointer<std::shared_ptr<T>> = !std::is_array_v<T>;

template <typename T>
consteval bool cannot_be_taken_apart() {
    if constexpr (std::is_class_v<T> && std::is_aggregate_v<T> && !has_standard_codec<T>) {
        return !can_take_apart<T>();
    } else {
        return false;
    }
}

/// Why values of T cannot travel; `elsewhere` is the answer for types that refer to something.
template <typename T>
consteval problem value_problem(problem elsewhere, problem otherwise) {
    if constexpr (encodable<T>) {
        if constexpr (!is_bytes<T> && !makeable<T>()) {
            return problem::M11;
        } else {
            return problem::none;
        }
    } else if constexpr (is_smart_pointer<T>) {
        return problem::M14;
    } else if constexpr (refers_elsewhere<T>()) {
        return elsewhere;
    } else if constexpr (cannot_be_taken_apart<T>()) {
        return problem::M07;
    } else {
        return otherwise;
    }
}

template <typename F>
consteval problem function_problem() {
    if constexpr (function_copy<F>::supported) {
        return problem::none;
    } else if constexpr (is_std_wrapper<F>) {
        return problem::M03;
    } else if constexpr (std::is_class_v<F> && std::is_aggregate_v<F> && !has_own_shipping<F>) {
        return cannot_be_taken_apart<F>() ? problem::M07 : problem::M02;
    } else {
        return problem::M02;
    }
}

consteval problem first_of(std::initializer_list<problem> list) {
    for (const problem p : list) {
        if (p != problem::none)
            return p;
    }
    return problem::none;
}

template <typename F, typename... Ts>
inline constexpr bool fits = takes_items<F, Ts...> || takes_task<F, Ts...>;

/// The first problem of a map of F over Args; `needs_result` where results travel.
template <bool NeedsResult, typename F, typename... Args>
consteval problem find_problem() {
    if constexpr (sizeof...(Args) == 0 || !(map_argument<Args> && ...)) {
        return problem::M01;
    } else if constexpr ((traits_of<Args>::is_broadcast && ...)) {
        return problem::M12;
    } else {
        constexpr problem arguments =
            first_of({value_problem<element_t<Args>>(problem::M05, problem::M06)...});
        constexpr problem function = function_problem<F>();
        if constexpr (function != problem::none) {
            return function;
        } else if constexpr (arguments != problem::none) {
            return arguments;
        } else if constexpr (!fits<callable_of<F>, element_t<Args>...>) {
            return problem::M04;
        } else if constexpr (NeedsResult) {
            using R = result_of<callable_of<F>, element_t<Args>...>;
            if constexpr (std::is_void_v<R>) {
                return problem::M10;
            } else {
                return value_problem<R>(problem::M08, problem::M09);
            }
        } else {
            return problem::none;
        }
    }
}

template <problem P>
consteval bool explain() {
    static_assert(P != problem::M01,
                  "mpimap[M01]: an argument is not a forward range. Pass ranges, broadcast(x) for "
                  "one value that all items share, or indices(n) for the numbers 0 to n-1.");
    static_assert(P != problem::M02,
                  "mpimap[M02]: the function's state cannot be sent: the lambda captures a reference "
                  "or something that is not plain bytes, or the class has no serialize. Use "
                  "broadcast(x), bind_front, or a struct with serialize.");
    static_assert(P != problem::M03,
                  "mpimap[M03]: std::function and std::bind hide what they hold and cannot be sent. "
                  "Pass the function itself, a lambda, or mpimap::bind_front.");
    static_assert(P != problem::M04,
                  "mpimap[M04]: the function cannot be called with one element of each range. "
                  "Elements reach it as const T&: take them by value or by const reference.");
    static_assert(P != problem::M05,
                  "mpimap[M05]: the elements are pointers, references, views or iterators, which mean "
                  "nothing on another rank. Send the values themselves: std::string for "
                  "string_view, std::vector for span.");
    static_assert(P != problem::M06,
                  "mpimap[M06]: nobody knows how to send the elements. Give their type a Boost "
                  "serialize function, or make it a plain struct of types that can be sent.");
    static_assert(P != problem::M07,
                  "mpimap[M07]: this struct cannot be taken apart member by member: it has a base "
                  "class, a C array, or is not an aggregate. Use std::array for arrays, or give it a "
                  "serialize function.");
    static_assert(P != problem::M08,
                  "mpimap[M08]: the result is a pointer, view or iterator, which refers to memory of "
                  "the rank that computed it. Return the value itself.");
    static_assert(P != problem::M09,
                  "mpimap[M09]: nobody knows how to send the result. Give its type a Boost serialize "
                  "function, or make it a plain struct of types that can be sent.");
    static_assert(P != problem::M10,
                  "mpimap[M10]: the function returns nothing, so there are no results to gather. Use "
                  "mpi_for_each.");
    static_assert(P != problem::M11,
                  "mpimap[M11]: a value of this type must be default-constructed before it can be "
                  "read. Give it a default constructor.");
    static_assert(P != problem::M12,
                  "mpimap[M12]: every argument is broadcast(x), so the number of items is unknown. Add "
                  "indices(n), or a range.");
    static_assert(P != problem::M13,
                  "mpimap[M13]: the operation cannot combine two values of init's type. It is called "
                  "as op(T, T) and gives a T; the function's results convert to T.");
    static_assert(P != problem::M14,
                  "mpimap[M14]: smart pointers to polymorphic or serializable types travel by "
                  "Boost.Serialization. Include <mpimap/serialization.hpp> and give the type a "
                  "serialize function.");
    return P == problem::none;
}

/// What a call that does not compile returns, so that its one error is ours.
struct explained {};

} // namespace mpimap::detail
