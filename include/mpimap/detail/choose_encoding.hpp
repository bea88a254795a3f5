#pragma once

// How values of a type travel, as far as the type says it without its members. A part of codec.hpp.

#include <cstddef>
#include <type_traits>
#include <utility>

#include <boost/serialization/is_bitwise_serializable.hpp>

#include <mpimap/detail/has_serialize.hpp>
#include <mpimap/detail/members.hpp>
#include <mpimap/detail/refers_elsewhere.hpp>

namespace mpimap {

enum class encoding { none, bytes, boost, standard, aggregate };

/// Set it for a class that inherits its `serialize` and means it: there are no members of its own to be sent,
/// or the base class knows them. Otherwise such a class is refused, since it would travel as its base.
///
///     template <> inline constexpr bool mpimap::serialized_by_base<tagged_particle> = true;
template <typename T>
inline constexpr bool serialized_by_base = false;

namespace detail {

template <typename T>
struct standard_codec; // specialised in standard_codec.hpp for types of the standard library

template <typename T>
concept has_standard_codec = requires {
    standard_codec<T>::supported;
};

template <typename T>
consteval encoding choose_encoding();

/// Whether the `serialize` of T is that of a base class. What is private, or overloaded, cannot be seen.
template <typename T>
consteval bool inherits_serialize() {
    if constexpr (serialized_by_base<T> || probe::has_free_serialize<T>) {
        return false;
    } else {
        return probe::inherits_member_serialize<T>;
    }
}

/// Whether values of T can be sent, as far as choose_encoding() sees.
template <typename T>
struct is_chosen : std::bool_constant<choose_encoding<T>() != encoding::none> {};
template <typename T>
struct is_chosen_as_bytes : std::bool_constant<choose_encoding<T>() == encoding::bytes> {};

// For structs that are taken apart the choice does not look at the members, which may contain the same struct
// again, as in a tree: encoding_of does.
template <typename T>
consteval encoding choose_encoding() {
    if constexpr (std::is_arithmetic_v<T>) {
        return encoding::bytes;
    } else if constexpr (refers_elsewhere<T>() || std::is_array_v<T> || std::is_volatile_v<T> ||
                         std::is_void_v<T>) {
        return encoding::none;
    } else if constexpr (!is_complete<T>) {
        return encoding::none; // behind a pointer: a handle of a C library
    } else if constexpr (has_standard_codec<T>) {
        return standard_codec<T>::chosen();
    } else if constexpr (inherits_serialize<T>() || has_cereals_serialize<T>()) {
        return encoding::none;
    } else if constexpr (has_serialize<T>()) {
        // A type says by Boost's own trait that its bytes will do.
        if constexpr (boost::serialization::is_bitwise_serializable<T>::value &&
                      std::is_trivially_copyable_v<T>) {
            return encoding::bytes;
        } else {
            return encoding::boost;
        }
    } else if constexpr (std::is_enum_v<T>) {
        return encoding::bytes;
    } else if constexpr (std::is_trivially_copyable_v<T>) {
        // Looks for pointers inside where that can be done: it is a help, no proof.
        if constexpr (!std::is_copy_constructible_v<T> && !std::is_move_constructible_v<T>) {
            return encoding::none; // a mutex is trivially copyable, and no value
        } else if constexpr (shows_members<T>) {
            // A const reference looks like a const member here, but cannot be left out of the braces.
            constexpr bool hidden = any_part<std::is_const>(member_types<T>{}) &&
                                    !initialisable<T, any_member>(std::index_sequence<>{});
            return all_parts<is_chosen>(plain_members<T>{}) && !hidden ? encoding::bytes : encoding::none;
        } else {
            return std::is_aggregate_v<T> && has_reference_member<T>() ? encoding::none : encoding::bytes;
        }
    } else if constexpr (can_take_apart<T>()) {
        // They are read in place, so that none may be const.
        return any_part<std::is_const>(member_types<T>{}) ? encoding::none : encoding::aggregate;
    } else {
        return encoding::none;
    }
}

/// The choice for what is made of Ts, which travel one by one.
template <typename... Ts>
consteval encoding all_encodable() {
    return all_parts<is_chosen>(type_list<std::remove_cv_t<Ts>...>{}) ? encoding::standard : encoding::none;
}
/// The same for what is nothing but them.
template <typename... Ts>
consteval encoding bytes_if_all_bytes() {
    return all_parts<is_chosen_as_bytes>(type_list<std::remove_cv_t<Ts>...>{}) ? encoding::bytes
                                                                               : all_encodable<Ts...>();
}

} // namespace detail
} // namespace mpimap
