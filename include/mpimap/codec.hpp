#pragma once

// How a value travels, chosen at compile time per type:
//   bytes      arithmetic types, enums, trivially copyable types without pointers: copied as they are
//   boost      types with a Boost.Serialization `serialize` function, and what only Boost can do
//   standard   the usual containers and vocabulary types of the standard library, element by element
//   aggregate  structs without `serialize`, member by member
//   none       everything else: the calls refuse it at compile time

#include <mpimap/detail/needs.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <ranges>
#include <source_location>
#include <span>
#include <string_view>
#include <system_error>
#include <thread>
#include <type_traits>
#include <typeindex>
#include <utility>

#include <pthread.h>
#include <semaphore.h>

#include <boost/serialization/level.hpp>
#include <boost/serialization/serialization.hpp>
#include <boost/serialization/wrapper.hpp>

#include <mpimap/detail/archive.hpp>
#include <mpimap/detail/has_serialize.hpp>
#include <mpimap/detail/members.hpp>
#include <mpimap/detail/stream.hpp>

namespace mpimap {

enum class encoding { none, bytes, boost, standard, aggregate };

/// Set it for a class that inherits its `serialize` and means it: there are no members of its own to be sent,
/// or the base class knows them. Otherwise such a class is refused, since it would travel as its base.
///
///     template <> inline constexpr bool mpimap::serialized_by_base<tagged_particle> = true;
template <typename T>
inline constexpr bool serialized_by_base = false;

/// Set it for types that show, or are computed of, what lies in other objects: views and expressions of
/// libraries for arrays. They are refused wherever a value would travel. Eigen's are known to eigen.hpp.
///
///     template <typename A, typename B, typename Op>
///     inline constexpr bool mpimap::is_expression<arma::Glue<A, B, Op>> = true;
template <typename T>
inline constexpr bool is_expression = false;

namespace detail {

// ---------------------------------------------------------------- which types refer elsewhere

template <typename T>
struct is_reference_like : std::false_type {};
template <typename T>
struct is_reference_like<std::reference_wrapper<T>> : std::true_type {};
template <typename C, typename Traits>
struct is_reference_like<std::basic_string_view<C, Traits>> : std::true_type {};
template <typename T, std::size_t N>
struct is_reference_like<std::span<T, N>> : std::true_type {};
template <typename T>
struct is_reference_like<std::weak_ptr<T>> : std::true_type {};
template <typename T>
struct is_reference_like<std::initializer_list<T>> : std::true_type {};
template <>
struct is_reference_like<std::error_code> : std::true_type {}; // its category is an address
template <>
struct is_reference_like<std::error_condition> : std::true_type {};
template <>
struct is_reference_like<std::type_index> : std::true_type {};
// Bytes that stand for something of this process.
template <>
struct is_reference_like<std::FILE> : std::true_type {};
template <>
struct is_reference_like<std::thread::id> : std::true_type {};
template <>
struct is_reference_like<std::source_location> : std::true_type {};
// std::coroutine_handle, known by what it has.
template <typename T>
    requires requires(const T& handle) {
        handle.resume();
        handle.done();
        static_cast<void*>(handle.address());
    }
struct is_reference_like<T> : std::true_type {};
template <>
struct is_reference_like<pthread_mutex_t> : std::true_type {};
template <>
struct is_reference_like<pthread_cond_t> : std::true_type {};
template <>
struct is_reference_like<pthread_rwlock_t> : std::true_type {};
template <>
struct is_reference_like<pthread_barrier_t> : std::true_type {};
template <>
struct is_reference_like<sem_t> : std::true_type {};

template <typename T>
concept is_complete = requires {
    sizeof(T);
};

template <typename T>
concept iterator_like = std::input_or_output_iterator<T> && !std::is_arithmetic_v<T>;

/// Types whose value lies somewhere else: their bytes mean nothing on another rank.
template <typename T>
consteval bool refers_elsewhere() {
    if constexpr (std::is_pointer_v<T> || std::is_member_pointer_v<T> || std::is_reference_v<T> ||
                  std::is_null_pointer_v<T> || std::is_function_v<T>) {
        return true;
    } else if constexpr (is_reference_like<T>::value || is_expression<T>) {
        return true;
    } else if constexpr (std::is_class_v<T> && is_complete<T>) {
        return iterator_like<T> || std::ranges::view<T>;
    } else {
        return false;
    }
}

// ---------------------------------------------------------------- the choice

template <typename T>
struct standard_codec; // specialised below for types of the standard library

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

/// Members, and elements of members that are C arrays.
template <typename M>
using plain_member = std::remove_cv_t<std::remove_all_extents_t<M>>;

/// Whether values of each type can be sent, as far as choose_encoding() sees.
template <typename... M>
consteval bool all_chosen(type_list<M...>) {
    return ((choose_encoding<plain_member<M>>() != encoding::none) && ...);
}
template <typename... M>
consteval bool any_const(type_list<M...>) {
    return (std::is_const_v<M> || ...);
}

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
            constexpr bool hidden =
                any_const(member_types<T>{}) && !initialisable<T, any_member>(std::index_sequence<>{});
            return all_chosen(member_types<T>{}) && !hidden ? encoding::bytes : encoding::none;
        } else {
            return std::is_aggregate_v<T> && has_reference_member<T>() ? encoding::none : encoding::bytes;
        }
    } else if constexpr (can_take_apart<T>()) {
        // They are read in place, so that none may be const.
        return any_const(member_types<T>{}) ? encoding::none : encoding::aggregate;
    } else {
        return encoding::none;
    }
}

// ---------------------------------------------------------------- what a value contains or owns

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

template <typename... M>
consteval auto without_qualifiers(type_list<M...>) {
    return type_list<plain_member<M>...>{};
}

template <typename T>
consteval auto list_parts() {
    constexpr encoding e = choose_encoding<T>();
    if constexpr (e == encoding::none || e == encoding::boost || std::is_enum_v<T>) {
        return type_list<>{};
    } else if constexpr (has_standard_codec<T>) {
        return typename parts_of<T>::types{};
    } else if constexpr (shows_members<T>) {
        return without_qualifiers(member_types<T>{});
    } else {
        return type_list<>{};
    }
}

template <typename T, typename... Seen>
inline constexpr bool is_one_of = (std::is_same_v<T, Seen> || ...);

template <typename T, typename... Seen>
consteval bool is_one_of_types(type_list<Seen...>) {
    return is_one_of<T, Seen...>;
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
        constexpr auto below = add_types(type_list<Seen..., T>{}, list_parts<T>());
        return add_types(below, type_list<More...>{});
    }
}

/// T and all that it contains or owns, each type once, numbers left out. Pointers are not followed where
/// Boost.Serialization follows them.
template <typename T>
using contained_types = decltype(add_types(type_list<>{}, type_list<T>{}));

template <template <typename> typename Test, typename... Ts>
consteval bool any_of(type_list<Ts...>) {
    return (Test<Ts>::value || ...);
}
template <template <typename> typename Test, typename T, typename... More>
consteval auto first_with(type_list<T, More...>) {
    if constexpr (Test<T>::value) {
        return std::type_identity<T>{};
    } else {
        return first_with<Test>(type_list<More...>{});
    }
}
/// Whether `Test<C>::value` holds for T or something in it.
template <typename T, template <typename> typename Test>
inline constexpr bool contains = any_of<Test>(contained_types<T>{});

template <typename T, typename... M>
consteval bool contained_in(type_list<M...>) {
    return (is_one_of_types<T>(contained_types<plain_member<M>>{}) || ...);
}
/// Structs with others of their own type somewhere in them, as a tree's nodes have.
template <typename T>
inline constexpr bool contains_itself = contained_in<T>(list_parts<T>());

/// Structs that are taken apart, though a member cannot be sent.
template <typename T>
struct has_stuck_member {
    static consteval bool find() {
        if constexpr (choose_encoding<T>() == encoding::aggregate) {
            return !all_chosen(member_types<T>{});
        } else {
            return false;
        }
    }
    static constexpr bool value = find();
};

template <typename T>
consteval encoding choose_with_members() {
    constexpr encoding e = choose_encoding<T>();
    if constexpr (e == encoding::standard || e == encoding::aggregate) {
        return contains<T, has_stuck_member> ? encoding::none : e;
    } else {
        return e;
    }
}

} // namespace detail

/// How values of T travel; `encoding::none` for types that cannot.
template <typename T>
inline constexpr encoding encoding_of = detail::choose_with_members<std::remove_cv_t<T>>();

/// Types that can be arguments, results and broadcast values.
template <typename T>
concept encodable = encoding_of<T>
!= encoding::none;

namespace detail {

template <typename T>
consteval bool goes_by_codec() {
    if constexpr (std::is_arithmetic_v<T> || std::is_pointer_v<T> || std::is_array_v<T>) {
        return false;
    } else if constexpr (std::is_enum_v<T> || has_serialize<T>() ||
                         boost::serialization::is_wrapper<T>::type::value ||
                         boost::serialization::implementation_level<T>::value !=
                             boost::serialization::object_class_info) {
        return false;
    } else {
        return encoding_of<T> != encoding::none && encoding_of<T> != encoding::boost;
    }
}

template <typename T>
inline constexpr bool is_bytes = encoding_of<T> == encoding::bytes;

/// Whether reading or writing a T may call code of the user's.
template <typename T>
consteval bool runs_user_code();

template <typename T>
void write_value(writer& out, const T& value);
template <typename T>
void read_value(reader& in, T& value);
template <typename T>
[[nodiscard]] T make_value(reader& in);

/// Whether a T is default-constructed and then read; otherwise it is made of its parts, as pairs with a const
/// part, or a map whose comparator is not to be had without a value.
template <typename T>
consteval bool is_read_in_place() {
    if constexpr (has_standard_codec<T>) {
        if constexpr (!standard_codec<T>::in_place()) {
            return false;
        } else {
            return std::is_default_constructible_v<T> && std::is_move_assignable_v<T>;
        }
    } else {
        return std::is_default_constructible_v<T>;
    }
}
template <typename T>
inline constexpr bool read_in_place = is_read_in_place<T>();

/// Whether a T can be made from what was written: bytes always, the rest default-constructed and then read,
/// except where the parts can be made first.
template <typename T>
consteval bool makeable() {
    if constexpr (is_bytes<T>) {
        return true;
    } else if constexpr (has_standard_codec<T>) {
        return standard_codec<T>::makeable();
    } else if constexpr (encoding_of<T> == encoding::aggregate) {
        return true; // each field is asked when it is made
    } else {
        return std::is_default_constructible_v<T>;
    }
}

/// A T in raw memory, for types that are only bytes here and need not have a default constructor.
template <typename T>
[[nodiscard]] T make_from_bytes(reader& in) {
    union slot {
        slot() {}
        ~slot() {}
        T value;
    } s;
    in.bytes(static_cast<void*>(std::addressof(s.value)), sizeof(T));
    return s.value;
}

/// One level deeper into a struct, while what it returns lives, where that counts.
template <typename T, typename Stream>
[[nodiscard]] auto enter(Stream& stream) {
    if constexpr (contains_itself<T>) {
        return stream.next_level();
    } else {
        return 0;
    }
}

template <typename T>
void write_value(writer& out, const T& value) {
    constexpr encoding e = encoding_of<T>;
    static_assert(e != encoding::none);
    if constexpr (std::is_empty_v<T> && e != encoding::boost) {
    } else if constexpr (e == encoding::bytes) {
        out.bytes(std::addressof(value), sizeof(T));
    } else if constexpr (e == encoding::boost) {
        out.archive() << value;
    } else if constexpr (e == encoding::standard) {
        standard_codec<T>::write(out, value);
    } else {
        [[maybe_unused]] const auto deeper = enter<T>(out);
        for_each_member(value, [&out](const auto& field) { write_value(out, field); });
    }
}

template <typename T>
void read_value(reader& in, T& value) {
    constexpr encoding e = encoding_of<T>;
    static_assert(e != encoding::none);
    if constexpr (std::is_empty_v<T> && e != encoding::boost) {
    } else if constexpr (std::is_same_v<T, bool>) {
        unsigned char byte = 0; // any other byte in a bool would be undefined behaviour
        in.bytes(&byte, 1);
        value = byte != 0;
    } else if constexpr (e == encoding::bytes) {
        in.bytes(static_cast<void*>(std::addressof(value)), sizeof(T));
    } else if constexpr (e == encoding::boost) {
        in.archive() >> value;
    } else if constexpr (e == encoding::standard) {
        standard_codec<T>::read(in, value);
    } else {
        [[maybe_unused]] const auto deeper = enter<T>(in);
        for_each_member(value, [&in](auto& field) { read_value(in, field); });
    }
}

template <typename T>
T make_value(reader& in) {
    if constexpr (read_in_place<T>) {
        T value{};
        read_value(in, value);
        return value;
    } else if constexpr (is_bytes<T>) {
        return make_from_bytes<T>(in);
    } else if constexpr (has_standard_codec<T>) {
        return standard_codec<T>::make(in);
    } else {
        static_assert(encoding_of<T> == encoding::aggregate);
        return [&in]<typename... M>(type_list<M...>) {
            [[maybe_unused]] const auto deeper = enter<T>(in);
            return T{make_value<std::remove_cv_t<M>>(in)...};
        }(member_types<T>{});
    }
}

} // namespace detail
} // namespace mpimap

#include <mpimap/detail/standard_codec.hpp> // IWYU pragma: export
