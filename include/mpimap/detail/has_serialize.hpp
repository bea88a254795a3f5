#pragma once

// Whether Boost.Serialization has been told how a type is saved and loaded.

#include <concepts>
#include <type_traits>

#include <boost/serialization/access.hpp>
#include <boost/serialization/serialization.hpp>

#include <mpimap/detail/archive.hpp>

namespace mpimap::detail {

namespace probe {

struct no {};

// Associated with boost::serialization, so that a call finds what is declared there, as Boost's own call
// does.
struct archive : boost::serialization::traits<int, 0, 0> {};

// More specialised than Boost's catch-all in its first parameter, less than a user's in its second: the call
// below is ambiguous exactly where a serialize function for T has been declared.
template <typename T>
no serialize(archive&, T&, unsigned int);

template <typename T>
concept has_free_serialize = !requires(archive & a, T& t) {
    { serialize(a, t, 0U) } -> std::same_as<no>;
};

template <typename T>
concept has_public_serialize = requires(T& t, output_archive& a) {
    t.serialize(a, 0U);
};

struct fallback {
    int serialize;
};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
template <typename T>
struct both : T, fallback {
    both() = delete;
};
#pragma GCC diagnostic pop

// A member of that name, private or not, makes this lookup ambiguous.
template <typename T>
concept lookup_is_unambiguous = requires {
    &both<T>::serialize;
};

template <typename T>
consteval bool has_member_serialize() {
    if constexpr (!std::is_class_v<T>) {
        return false;
    } else if constexpr (std::is_final_v<T>) {
        return has_public_serialize<T>;
    } else {
        return !lookup_is_unambiguous<T>;
    }
}

/// The class of a member function.
template <typename C, typename R, typename... P>
std::type_identity<C> class_of(R (C::*)(P...));
template <typename C, typename R, typename... P>
std::type_identity<C> class_of(R (C::*)(P...) const);
template <typename C, typename R, typename... P>
std::type_identity<C> class_of(R (C::*)(P...) noexcept);
template <typename C, typename R, typename... P>
std::type_identity<C> class_of(R (C::*)(P...) const noexcept);

template <typename T>
concept inherits_member_serialize = requires {
    class_of(&T::template serialize<output_archive>);
    requires !std::is_same_v<decltype(class_of(&T::template serialize<output_archive>)),
                             std::type_identity<T>>;
};

} // namespace probe

template <typename T>
consteval bool has_serialize() {
    if constexpr (std::is_class_v<T> || std::is_union_v<T> || std::is_enum_v<T>) {
        return probe::has_member_serialize<T>() || probe::has_free_serialize<T>;
    } else {
        return false;
    }
}

} // namespace mpimap::detail
