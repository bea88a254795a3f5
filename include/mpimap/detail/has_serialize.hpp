#pragma once

// Whether Boost.Serialization has been told how a type is saved and loaded, asked as Boost itself would call
// it.

#include <concepts>
#include <exception>
#include <type_traits>

#include <boost/serialization/access.hpp>
#include <boost/serialization/serialization.hpp>

#include <mpimap/detail/archive.hpp>

namespace mpimap {

namespace detail::probe {

// ---------------------------------------------------------------- free functions

/// What Boost passes, which makes its own namespace one where a function is looked up.
using version = boost::serialization::version_type;

/// Finds what Boost's call finds: one function that fits best, maybe Boost's own for everything.
template <typename T, typename Archive>
concept calls_one_serialize = requires(Archive& archive, T& t, const version v) {
    serialize(archive, t, v);
};

namespace beside_ours {

struct no {};

template <typename Archive>
concept any_archive = sizeof(Archive) != 0;

// Better than Boost's function for everything, since it asks for something. Whatever else was declared for a
// T is better than this, or makes the call ambiguous.
template <class Archive, class T>
    requires any_archive<Archive> no serialize(Archive&, T&, const unsigned int);

template <typename T, typename Archive>
concept calls_boosts_own = requires(Archive& archive, T& t, const version v) {
    { serialize(archive, t, v) } -> std::same_as<no>;
};

} // namespace beside_ours

template <typename T, typename Archive>
concept calls_the_users = !beside_ours::calls_boosts_own<T, Archive> && calls_one_serialize<T, Archive>;

template <typename T>
concept has_free_serialize = calls_the_users<T, output_archive> || calls_the_users<T, input_archive>;

// ---------------------------------------------------------------- members

template <typename T, typename Archive>
concept calls_member = requires(T& t, Archive& archive, const unsigned int v) {
    t.serialize(archive, v);
};
template <typename T>
concept has_public_serialize = calls_member<T, output_archive> || calls_member<T, input_archive>;

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

struct anything {
    template <typename A>
    operator A() const {
        std::terminate();
    }
};

/// A member of that name that everybody may use: then it is no secret whether Boost can call it.
template <typename T>
concept shows_serialize = requires {
    &T::serialize;
}
|| requires {
    typename T::serialize;
}
|| requires(T& t) {
    t.serialize();
}
|| requires(T& t, output_archive& archive) {
    t.serialize(archive);
}
|| requires(T& t) {
    t.serialize(anything{});
}
|| requires(T& t) {
    t.serialize(anything{}, anything{});
}
|| requires(T& t) {
    t.serialize(anything{}, anything{}, anything{});
};

template <typename T>
consteval bool may_hide_serialize() {
    if constexpr (!std::is_class_v<T> || std::is_final_v<T>) {
        return false;
    } else {
        return !lookup_is_unambiguous<T> && !shows_serialize<T>;
    }
}

} // namespace detail::probe

/// Whether a class has a member `serialize` that is private, for boost::serialization::access, or hidden in a
/// `final` class. A private member of that name is taken for one that Boost calls. Set it to false for a
/// class whose private `serialize` means something else, and to true for a `final` class, of which nobody can
/// see what is private.
///
///     template <> inline constexpr bool mpimap::private_serialize<particle> = true;
template <typename T>
inline constexpr bool private_serialize = detail::probe::may_hide_serialize<T>();

namespace detail {

namespace probe {

template <typename T>
consteval bool has_member_serialize() {
    if constexpr (!std::is_class_v<T> && !std::is_union_v<T>) {
        return false;
    } else {
        return has_public_serialize<T> || private_serialize<T>;
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
concept inherits_member_serialize = has_public_serialize<T> && requires {
    class_of(&T::template serialize<output_archive>);
    requires !std::is_same_v<decltype(class_of(&T::template serialize<output_archive>)),
                             std::type_identity<T>>;
};

// ---------------------------------------------------------------- the form of cereal

template <typename T>
concept calls_with_archive_alone = requires(T& t, input_archive& archive) {
    t.serialize(archive);
};
// What changes nothing cannot load: it writes something else than an archive.
template <typename T>
concept calls_const_with_archive_alone = requires(const T& t, input_archive& archive) {
    t.serialize(archive);
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

/// `template <typename Archive> void serialize(Archive&)`: cereal's, which Boost never calls.
template <typename T>
consteval bool has_cereals_serialize() {
    if constexpr (std::is_class_v<T>) {
        return !has_serialize<T>() && probe::calls_with_archive_alone<T> &&
               !probe::calls_const_with_archive_alone<T>;
    } else {
        return false;
    }
}

} // namespace detail

} // namespace mpimap
