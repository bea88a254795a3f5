#pragma once

// What keeps a call from being compiled: which problem, which type is to blame and where it was met.

#include <cstddef>
#include <type_traits>

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
    capture_like_a_reference,
    program_cannot_be_called
};

/// Where a type was met. The compiler prints these names, from the outside inwards, beside the error.
namespace at {
template <std::size_t Number>
struct argument {}; // as the function gets them, from 1: each axis of a grid is one
template <std::size_t Number>
struct axis {}; // of a grid, from 1
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

template <typename Found, typename Own>
consteval auto found_or(Found found, Own own) {
    if constexpr (std::is_same_v<Found, no_finding>) {
        return own;
    } else {
        return found;
    }
}

} // namespace mpimap::detail
