#pragma once

// Pointers that no type shows: what travels as bytes is searched for them on the rank that sends it.

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <mpimap/codec.hpp>

namespace mpimap::detail {

template <std::size_t N>
struct byte_array {
    std::byte all[N];
};

#if __has_builtin(__builtin_clear_padding)
inline constexpr bool clears_padding = true;
template <typename T>
void clear_padding(T* object) {
    __builtin_clear_padding(object);
}
#else
inline constexpr bool clears_padding = false;
/// Whether the byte is part of a value: padding cannot be read in a constant. Nor can any byte of an object
/// that the compiler does not make of zeros there, such as one with a pointer in it.
template <typename T, std::size_t I>
concept byte_of_value = requires {
    typename std::bool_constant<(
        __builtin_bit_cast(byte_array<sizeof(T)>, __builtin_bit_cast(T, byte_array<sizeof(T)>{})).all[I] ==
        std::byte{})>;
};
/// As far as it is known.
template <typename T>
void clear_padding(T* object) {
    if constexpr (sizeof(T) <= 256) {
        auto* const bytes = reinterpret_cast<std::byte*>(object);
        [bytes]<std::size_t... I>(std::index_sequence<I...>) {
            if constexpr ((byte_of_value<T, I> || ...))
                ((byte_of_value<T, I> ? void() : void(bytes[I] = std::byte{})), ...);
        }
        (std::make_index_sequence<sizeof(T)>{});
    }
}
#endif

/// Copies an object's bytes, padding cleared where the compiler can do that: it may hold old addresses.
template <typename T>
void copy_without_padding(const T& value, std::byte* to) {
    std::memcpy(to, static_cast<const void*>(std::addressof(value)), sizeof(T));
    // The intrinsic, since the trait asked of a closure may have been answered before it was complete.
    if constexpr (__is_trivially_copyable(T))
        clear_padding(reinterpret_cast<T*>(to));
}

/// Throws invalid_argument, naming the byte offset, if a word of the function's state is the address of
/// something in this process.
void refuse_captured_pointers(const void* object, std::size_t size, const char* type);

/// The same for a value, as far as it costs little; `what` says which: "an argument".
void refuse_pointers(const void* object, std::size_t size, const char* what, const char* type);

template <typename T>
consteval bool may_hide_pointers() {
    if constexpr (!std::is_class_v<T> || sizeof(T) < sizeof(void*) || alignof(T) < alignof(void*)) {
        return false;
    } else if constexpr (sizeof(T) > 64 * 1024) {
        return false; // too much to copy
    } else if constexpr (!is_bytes<T> || has_standard_codec<T> || has_serialize<T>()) {
        return false;
    } else if constexpr (!clears_padding && !std::has_unique_object_representations_v<T>) {
        return false; // old addresses in the padding would be taken for pointers
    } else {
        return !shows_members<T>;
    }
}

/// Whether a T travels as bytes though nobody can look at its members one by one.
template <typename T>
inline constexpr bool hides_members = may_hide_pointers<T>();

/// Of the arguments and the results of a call so many are searched, the first ones, and in each so many of
/// such objects: a class that hides a pointer does so in most of them, and a number that looks like an
/// address should not be met by chance among millions.
inline constexpr std::size_t items_searched = 16;

template <typename T>
struct is_opaque : std::bool_constant<hides_members<T>> {};

/// Whether a T is, or contains or owns, what travels as bytes though nobody can look at its members.
template <typename T>
consteval bool may_contain_pointers() {
    if constexpr (encodable<T>) {
        return contains<T, is_opaque>;
    } else {
        return false;
    }
}
template <typename T>
inline constexpr bool is_searched = may_contain_pointers<std::remove_cv_t<T>>();

/// Searches one value, as far as it costs little.
class pointer_search {
  public:
    explicit pointer_search(const char* what) : what_(what) {}

    template <typename T>
    void look_at(const T& value) {
        if constexpr (is_searched<T>) {
            if (searches_ == 0 || visits_ == 0)
                return;
            --visits_;
            if constexpr (hides_members<T>) {
                --searches_;
                alignas(T) std::byte copy[sizeof(T)];
                copy_without_padding(value, copy);
                refuse_pointers(copy, sizeof(T), what_, __PRETTY_FUNCTION__);
            } else if constexpr (can_take_apart<T>()) {
                for_each_member(value, [this](const auto& member) { this->look_at(member); });
            } else {
                look_into(value);
            }
        }
    }

  private:
    template <std::ranges::input_range C>
    void look_into(const C& c) {
        for (const auto& element : c) {
            if (searches_ == 0 || visits_ == 0)
                break;
            look_at(element);
        }
    }
    template <typename... Ts>
    void look_into(const std::tuple<Ts...>& t) {
        std::apply([this](const auto&... part) { (this->look_at(part), ...); }, t);
    }
    template <typename A, typename B>
    void look_into(const std::pair<A, B>& p) {
        look_at(p.first);
        look_at(p.second);
    }
    template <typename... Ts>
    void look_into(const std::variant<Ts...>& v) {
        if (!v.valueless_by_exception())
            std::visit([this](const auto& value) { this->look_at(value); }, v);
    }
    /// Optional values, smart pointers.
    template <typename P>
        requires(!std::ranges::range<P>)
    void look_into(const P& p) {
        if constexpr (requires { static_cast<bool>(p), *p; }) {
            if (p)
                look_at(*p);
        }
    }

    const char* what_;
    std::size_t searches_ = items_searched;
    std::size_t visits_ = 16 * items_searched;
};

template <typename T>
void refuse_hidden_pointers(const T& value, const char* what) {
    if constexpr (is_searched<T>)
        pointer_search(what).look_at(value);
}

} // namespace mpimap::detail
