#pragma once

// Every text with which the compiler answers a mistake in a call: number, cause, remedy. docs/errors.md has a
// section for each. A call first looks for problems here and instantiates nothing else when there is one.

#include <array>
#include <cstddef>
#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <ranges>
#include <type_traits>
#include <utility>

#include <mpimap/arguments.hpp>
#include <mpimap/codec.hpp>
#include <mpimap/detail/run_items.hpp>
#include <mpimap/function.hpp>

namespace mpimap::detail {

enum class problem {
    none = 0,
    M01 = 1,
    M02,
    M03,
    M04,
    M05,
    M06,
    M07,
    M08,
    M09,
    M10,
    M11,
    M12,
    M13,
    M14,
    M15,
    M16,
    M17,
    M18,
    M19,
    M20
};

consteval problem first_of(std::initializer_list<problem> list) {
    for (const problem p : list) {
        if (p != problem::none)
            return p;
    }
    return problem::none;
}

// constexpr and not consteval, here and below: GCC 12 takes parameters inside of a lambda for no constants.

/// The first problem that says more than `vague`.
constexpr problem most_telling(problem vague, std::initializer_list<problem> list) {
    for (const problem p : list) {
        if (p != problem::none && p != vague)
            return p;
    }
    return vague;
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
consteval bool can_be_made();

/// Whether the parts of a type of the standard library can be made where they are read.
template <typename T>
inline constexpr bool parts_can_be_made = true;
template <typename T>
consteval bool part_can_be_made() {
    if constexpr (encodable<T>) {
        return can_be_made<std::remove_cv_t<T>>();
    } else {
        return true; // an allocator, a hash: not read
    }
}
template <template <typename...> typename C, typename... Ts>
    requires has_standard_codec<C<Ts...>>
inline constexpr bool parts_can_be_made<C<Ts...>> = (part_can_be_made<Ts>() && ...);
template <typename T, std::size_t N>
inline constexpr bool parts_can_be_made<std::array<T, N>> = part_can_be_made<T>();

/// makeable() all the way down: what goes by Boost needs a default constructor, also inside of other types.
template <typename T>
consteval bool can_be_made() {
    if constexpr (is_bytes<T>) {
        return true;
    } else if constexpr (encoding_of<T> == encoding::standard) {
        return makeable<T>() && parts_can_be_made<T>;
    } else if constexpr (encoding_of<T> == encoding::aggregate && !std::is_empty_v<T>) {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return makeable<T>() && (can_be_made<std::remove_cv_t<member_t<I, T>>>() && ...);
        }
        (std::make_index_sequence<member_count<T>>{});
    } else {
        return makeable<T>();
    }
}

template <typename T>
constexpr problem value_problem(problem elsewhere, problem otherwise);

/// Looks inside of a type that cannot travel for the part that is to blame.
template <typename T>
struct inside {
    static constexpr problem find(problem, problem otherwise) { return otherwise; }
};
template <template <typename...> typename C, typename... Ts>
    requires has_standard_codec<C<Ts...>>
struct inside<C<Ts...>> {
    static constexpr problem find(problem elsewhere, problem otherwise) {
        return most_telling(otherwise, {value_problem<std::remove_cv_t<Ts>>(elsewhere, otherwise)...});
    }
};
template <typename T, std::size_t N>
struct inside<std::array<T, N>> {
    static constexpr problem find(problem elsewhere, problem otherwise) {
        return value_problem<std::remove_cv_t<T>>(elsewhere, otherwise);
    }
};
template <typename T>
    requires(!has_standard_codec<T> && can_take_apart<T>() && !std::is_empty_v<T>)
struct inside<T> {
    static constexpr problem find(problem elsewhere, problem otherwise) {
        return []<std::size_t... I>(problem e, problem o, std::index_sequence<I...>) {
            return most_telling(o, {value_problem<std::remove_cv_t<member_t<I, T>>>(e, o)...,
                                    (std::is_const_v<member_t<I, T>> ? problem::M07 : problem::none)...});
        }
        (elsewhere, otherwise, std::make_index_sequence<member_count<T>>{});
    }
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

/// Why values of T cannot travel; `elsewhere` is the answer for types that refer to something.
template <typename T>
constexpr problem value_problem(problem elsewhere, problem otherwise) {
    if constexpr (is_expression<std::remove_cv_t<T>>) {
        return problem::M20;
    } else if constexpr (encodable<T>) {
        return can_be_made<std::remove_cv_t<T>>() ? problem::none : problem::M11;
    } else if constexpr (waits_for_boost<T>) {
        return problem::M14;
    } else if constexpr (refers_elsewhere<T>()) {
        return elsewhere;
    } else if constexpr (!is_complete<T>) {
        return otherwise;
    } else if constexpr (inherits_serialize<T>()) {
        return problem::M19;
    } else if constexpr (cannot_be_taken_apart<T>()) {
        return problem::M07;
    } else {
        return inside<T>::find(elsewhere, otherwise);
    }
}

// ---------------------------------------------------------------- functions

template <typename F>
inline constexpr bool is_std_wrapper = std::is_bind_expression_v<F>;
template <typename R, typename... A>
inline constexpr bool is_std_wrapper<std::function<R(A...)>> = true;

template <typename F>
consteval problem function_problem();

/// Bound to a function: what a pointer or reference leads to is sent, not the pointer.
template <typename B>
struct bound_argument {
    static consteval problem find() {
        if constexpr (encodable<B>) {
            return value_problem<B>(problem::M02, problem::M02);
        } else if constexpr (carried<B>::supported) {
            return problem::none;
        } else {
            // Neither a value nor a function: as a value it has more to say.
            constexpr problem as_value = value_problem<B>(problem::M02, problem::M02);
            return as_value != problem::M02 ? as_value : function_problem<B>();
        }
    }
};
template <typename B, typename Object>
struct bound_pointer {
    static consteval problem find() {
        if constexpr (carried<B>::supported) {
            return problem::none;
        } else if constexpr (std::is_polymorphic_v<Object> || std::is_void_v<Object>) {
            return problem::M02;
        } else {
            return value_problem<std::remove_cv_t<Object>>(problem::M02, problem::M02);
        }
    }
};
template <typename T>
    requires(!std::is_function_v<T>)
struct bound_argument<T*> : bound_pointer<T*, T> {};
template <typename T>
struct bound_argument<std::reference_wrapper<T>> : bound_pointer<std::reference_wrapper<T>, T> {};
template <typename T>
struct bound_argument<std::shared_ptr<T>> : bound_pointer<std::shared_ptr<T>, T> {};

/// Functions that this library made of others: the problem is that of a part.
template <typename F>
struct composed {
    static constexpr bool known = false;
};
template <typename Order, typename F, typename... B>
struct composed<binder<Order, F, B...>> {
    static constexpr bool known = true;
    static consteval problem find() {
        return first_of({function_problem<F>(), bound_argument<B>::find()...});
    }
};
template <typename Factory>
struct composed<per_rank_function<Factory>> {
    static constexpr bool known = true;
    static consteval problem find() {
        constexpr problem p = function_problem<Factory>();
        if constexpr (p != problem::none) {
            return p;
        } else if constexpr (!std::is_invocable_v<callable_of<Factory>&>) {
            return problem::M15;
        } else if constexpr (std::is_void_v<std::invoke_result_t<callable_of<Factory>&>>) {
            return problem::M15;
        } else {
            return problem::none;
        }
    }
};

template <typename F>
consteval problem function_problem() {
    if constexpr (is_std_wrapper<F>) {
        return problem::M03;
    } else if constexpr (composed<F>::known) {
        return composed<F>::find();
    } else if constexpr (function_copy<F>::supported) {
        if constexpr (encodable<F>) {
            return value_problem<F>(problem::M02, problem::M02);
        } else {
            return problem::none;
        }
    } else if constexpr (std::ranges::range<F> || std::is_arithmetic_v<F>) {
        return problem::M04; // the arguments of the call are in another order
    } else if constexpr (std::is_class_v<F> && inherits_serialize<F>()) {
        return problem::M19;
    } else if constexpr (std::is_class_v<F> && std::is_aggregate_v<F> && !has_own_shipping<F>) {
        return value_problem<F>(problem::M02, problem::M02);
    } else {
        return problem::M02;
    }
}

template <typename F, typename... Ts>
inline constexpr bool fits = takes_items<F, Ts...> || takes_task<F, Ts...>;

// ---------------------------------------------------------------- calls

/// The first problem of a map of F over Args; `NeedsResult` where results travel.
template <bool NeedsResult, typename F, typename... Args>
consteval problem find_problem() {
    if constexpr (sizeof...(Args) == 0 || !(map_argument<Args> && ...)) {
        return function_problem<F>() == problem::M04 ? problem::M04 : problem::M01;
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
consteval problem find_output_problem() {
    if constexpr (!writable_range<Out>) {
        return function_problem<F>() == problem::M04 ? problem::M04 : problem::M16;
    } else if constexpr (constexpr problem mapping = find_problem<true, F, Args...>();
                         mapping != problem::none) {
        return mapping;
    } else {
        using R = result_of<callable_of<F>, element_t<Args>...>;
        return std::is_constructible_v<std::ranges::range_value_t<Out>, R> ? problem::none : problem::M16;
    }
}

/// Whether a call can keep an F of the G that it was given.
template <typename F, typename G>
consteval problem keeping_problem() {
    return std::is_constructible_v<F, G&&> && std::is_move_constructible_v<F> ? problem::none : problem::M18;
}

/// The first problem of a map over Args that keeps an F of the G that it was given.
template <typename F, typename G, typename... Args>
consteval problem find_kept_problem() {
    constexpr problem mapping = find_problem<true, F, Args...>();
    return mapping != problem::none ? mapping : keeping_problem<F, G>();
}

/// Whether F, if it is a function of a T at all, returns nothing.
template <typename F, typename T>
consteval bool returns_nothing() {
    if constexpr (function_problem<F>() == problem::none) {
        if constexpr (fits<callable_of<F>, T>)
            return std::is_void_v<result_of<callable_of<F>, T>>;
    }
    return false;
}
template <typename F, typename T>
inline constexpr bool gives_nothing = returns_nothing<F, T>();

template <problem P>
consteval bool explain() {
    static_assert(P != problem::M01,
                  "mpimap[M01]: an argument after the function is not a range that can be read twice (for "
                  "imap and uimap: not a range that can be read). "
                  "Pass ranges (vectors, lists, views of them), broadcast(x) for one value that all items "
                  "share, or indices(n) for the numbers 0 to n-1.");
    static_assert(P != problem::M02,
                  "mpimap[M02]: the function cannot be sent to other ranks: a lambda captures by reference "
                  "or captures something that is not plain bytes (a string, a vector), or the state of a "
                  "class has no serialize. Pass the value as broadcast(x), bind it with "
                  "mpimap::bind_front, or use a struct with members that can be sent; an object behind a "
                  "pointer to a polymorphic base needs serialize and a virtual destructor there.");
    static_assert(P != problem::M03,
                  "mpimap[M03]: std::function and std::bind hide what they hold and cannot be sent. "
                  "Pass the function itself, a lambda, or mpimap::bind_front.");
    static_assert(
        P != problem::M04,
        "mpimap[M04]: the function cannot be called with one element of each range (submit: with the "
        "values). The order is "
        "communicator, options, function, ranges; the function takes one parameter per range (per "
        "part of the tuple in mpi_starmap), by value or by const reference.");
    static_assert(P != problem::M05,
                  "mpimap[M05]: the elements are, or contain, pointers, references, views or iterators, "
                  "which mean nothing on another rank. Send the values themselves: std::string for "
                  "string_view and texts in quotes, std::vector for span.");
    static_assert(P != problem::M06,
                  "mpimap[M06]: the elements, or something inside of them, cannot be sent. Make their type a "
                  "plain struct of types that can be sent, or give it a Boost serialize function.");
    static_assert(P != problem::M07,
                  "mpimap[M07]: a struct cannot be taken apart member by member: it has a base class, a C "
                  "array, or a reference or const member. Use std::array for a C array and a member for a "
                  "base class, or give the struct a Boost serialize function.");
    static_assert(P != problem::M08,
                  "mpimap[M08]: the result is, or contains, a pointer, view or iterator, which refers to "
                  "memory of the rank that computed it. Return the value itself: std::string for "
                  "string_view, std::vector for span.");
    static_assert(P != problem::M09,
                  "mpimap[M09]: the result, or something inside of it, cannot be sent. Return a plain struct "
                  "of types that can be sent, or give its type a Boost serialize function.");
    static_assert(P != problem::M10,
                  "mpimap[M10]: the function returns nothing, so there are no results to collect. Use "
                  "mpi_for_each (in a pool its for_each, or submit), or return a value.");
    static_assert(P != problem::M11,
                  "mpimap[M11]: a type with a serialize function has no public default constructor, so "
                  "that there is no object to read into on the other rank. Give it one.");
    static_assert(P != problem::M12,
                  "mpimap[M12]: every argument is broadcast(x), so the number of items is unknown. Add "
                  "indices(n), or a range.");
    static_assert(P != problem::M13,
                  "mpimap[M13]: the operation cannot combine two values of the type of init. It is called "
                  "as op(T, T) and gives a T, and the function's results convert to T.");
    static_assert(P != problem::M14,
                  "mpimap[M14]: a smart pointer to a polymorphic or serializable type travels by "
                  "Boost.Serialization. Include <mpimap/serialization.hpp>, give the type a serialize "
                  "function and export derived classes with BOOST_CLASS_EXPORT.");
    static_assert(P != problem::M15,
                  "mpimap[M15]: the factory of per_rank cannot be called with the arguments bound to it, or "
                  "returns nothing. It is called once on each rank and returns the function that runs the "
                  "items.");
    static_assert(P != problem::M16,
                  "mpimap[M16]: the results cannot be assigned to what follows the function. mpi_map_into "
                  "fills a range that is not const and can be passed over twice, with room for all of them "
                  "and elements to which they convert (a vector of that length, a span): communicator, "
                  "options, function, output, ranges.");
    static_assert(
        P != problem::M17,
        "mpimap[M17]: submit takes a function and values, not options, broadcast(x) or share(x). Bind "
        "the constant to the function with bind_front, or call amap with the options, the constant "
        "and a range of one element.");
    static_assert(P != problem::M18,
                  "mpimap[M18]: what cannot be copied must be moved where a call keeps it: imap, uimap, amap "
                  "and submit keep the function, imap and uimap the elements of their window. Pass "
                  "std::move(f), or use map, which reads in place.");
    static_assert(
        P != problem::M19,
        "mpimap[M19]: a class inherits serialize from its base and would travel as that, without its "
        "own members. Give it a serialize function that sends the base (ar & "
        "boost::serialization::base_object<Base>(*this)) and its members; if there is nothing to add, "
        "set mpimap::serialized_by_base<T> to true for it.");
    static_assert(
        P != problem::M20,
        "mpimap[M20]: a result (or an argument, a constant, init, a member) is an expression or a view, such "
        "as "
        "Eigen's a + b, m.col(0), Map or Ref: it refers to matrices that are gone, or of this rank. Give the "
        "matrix: write the type of the function's result, -> Eigen::MatrixXd, or call .eval(); store an "
        "Eigen::Matrix instead of the view.");
    return P == problem::none;
}

/// What a call that does not compile returns, so that its one error is ours: it converts to whatever the call
/// was to give.
struct explained {
    template <typename T>
    operator T() const {
        std::terminate(); // never compiled into a program
    }
};

} // namespace mpimap::detail
