#pragma once

// Why values of a type cannot travel, and which part of it is to blame.

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include <mpimap/codec.hpp>
#include <mpimap/detail/finding.hpp>
#include <mpimap/detail/members.hpp>
#include <mpimap/detail/type_list.hpp>

namespace mpimap::detail {

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

} // namespace mpimap::detail
