#pragma once

// What values of a type contain or own, by type, and what is asked of all of it. A part of codec.hpp.

#include <array>
#include <cstddef>
#include <type_traits>

#include <mpimap/detail/choose_encoding.hpp>
#include <mpimap/detail/members.hpp>
#include <mpimap/detail/type_list.hpp>

namespace mpimap::detail {

/// The template arguments of a type of the standard library that travels element by element, among them those
/// of its elements.
template <typename T>
struct parts_of {
    using types = type_list<>;
};
template <template <typename...> typename C, typename... Ts>
    requires has_standard_codec<C<Ts...>>
struct parts_of<C<Ts...>> {
    using types = type_list<std::remove_cv_t<Ts>...>;
};
template <typename T, std::size_t N>
struct parts_of<std::array<T, N>> {
    using types = type_list<std::remove_cv_t<T>>;
};

/// The types that a T consists of, one level down; none where they do not show.
template <typename T>
consteval auto list_parts() {
    if constexpr (has_standard_codec<T>) {
        return typename parts_of<T>::types{};
    } else if constexpr (shows_members<T>) {
        return plain_members<T>{};
    } else {
        return type_list<>{};
    }
}

/// Those that travel with it; none where Boost.Serialization sees to them.
template <typename T>
consteval auto list_sent_parts() {
    constexpr encoding e = choose_encoding<T>();
    if constexpr (e == encoding::none || e == encoding::boost || std::is_enum_v<T>) {
        return type_list<>{};
    } else {
        return list_parts<T>();
    }
}

/// Adds a type, its parts, theirs and so on to those that have been seen.
template <typename... Seen>
consteval auto add_types(type_list<Seen...> seen, type_list<>) {
    return seen;
}
template <typename... Seen, typename T, typename... More>
consteval auto add_types(type_list<Seen...> seen, type_list<T, More...>) {
    if constexpr (std::is_arithmetic_v<T> || is_one_of<T, Seen...>) {
        return add_types(seen, type_list<More...>{});
    } else {
        constexpr auto below = add_types(type_list<Seen..., T>{}, list_sent_parts<T>());
        return add_types(below, type_list<More...>{});
    }
}

/// T and all that it contains or owns, each type once, numbers left out. Pointers are not followed where
/// Boost.Serialization follows them.
template <typename T>
using contained_types = decltype(add_types(type_list<>{}, type_list<T>{}));

/// Whether `Test<C>::value` holds for T or something in it.
template <typename T, template <typename> typename Test>
inline constexpr bool contains = any_part<Test>(contained_types<T>{});

template <typename T, typename... Parts>
consteval bool contained_in(type_list<Parts...>) {
    return (is_one_of_types<T>(contained_types<Parts>{}) || ...);
}
/// Structs with others of their own type somewhere in them, as a tree's nodes have.
template <typename T>
inline constexpr bool contains_itself = contained_in<T>(list_sent_parts<T>());

} // namespace mpimap::detail
