#pragma once

// How a value travels, chosen at compile time per type:
//   bytes      arithmetic types, enums, trivially copyable types without pointers: copied as they are
//   boost      types with a Boost.Serialization `serialize` function, and what only Boost can do
//   standard   the usual containers and vocabulary types of the standard library, element by element
//   aggregate  structs without `serialize`, member by member
//   none       everything else: the calls refuse it at compile time

#include <mpimap/detail/needs.hpp>

#include <cstddef>
#include <memory>
#include <type_traits>

#include <boost/serialization/level.hpp>
#include <boost/serialization/wrapper.hpp>

#include <mpimap/detail/choose_encoding.hpp>
#include <mpimap/detail/contained_types.hpp>
#include <mpimap/detail/has_serialize.hpp>
#include <mpimap/detail/members.hpp>
#include <mpimap/detail/stream.hpp>

namespace mpimap {

namespace detail {

/// Structs that are taken apart, though a member cannot be sent.
template <typename T>
struct has_stuck_member {
    static consteval bool find() {
        if constexpr (choose_encoding<T>() == encoding::aggregate) {
            return !all_parts<is_chosen>(plain_members<T>{});
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
