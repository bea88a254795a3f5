#pragma once

// Types of the standard library that our archives take apart where Boost.Serialization knows nothing of them,
// so that pointers and objects in them are tracked as Boost does it.

#include <cstddef>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <mpimap/errors.hpp>

namespace mpimap::detail {

template <typename T>
inline constexpr bool has_parts = false;
template <typename T>
inline constexpr bool has_parts<std::optional<T>> = true;
template <typename... Ts>
inline constexpr bool has_parts<std::variant<Ts...>> = true;
template <typename... Ts>
inline constexpr bool has_parts<std::tuple<Ts...>> = true;
template <typename A, typename B>
inline constexpr bool has_parts<std::pair<A, B>> = true;
template <>
inline constexpr bool has_parts<std::monostate> = true;

template <typename Archive, typename T>
void archive_parts(Archive& ar, std::optional<T>& o) {
    bool present = o.has_value();
    ar& present;
    if constexpr (Archive::is_loading::value) {
        if (present) {
            o.emplace();
        } else {
            o.reset();
        }
    }
    if (present)
        ar&* o;
}

template <typename Archive, typename... Ts>
void archive_parts(Archive& ar, std::variant<Ts...>& v) {
    std::size_t index = v.index();
    ar& index;
    if constexpr (Archive::is_loading::value) {
        const bool found = [&]<std::size_t... I>(std::index_sequence<I...>) {
            return ((index == I && (v.template emplace<I>(), true)) || ...);
        }
        (std::index_sequence_for<Ts...>{});
        if (!found)
            throw serialization_error("mpimap: no such alternative of a std::variant");
    }
    std::visit([&ar](auto& value) { ar& value; }, v);
}

template <typename Archive, typename... Ts>
void archive_parts(Archive& ar, std::tuple<Ts...>& t) {
    std::apply([&ar](auto&... part) { ((ar & part), ...); }, t);
}
template <typename Archive, typename A, typename B>
void archive_parts(Archive& ar, std::pair<A, B>& p) {
    // The parts of a map's elements are const.
    ar& const_cast<std::remove_const_t<A>&>(p.first);
    ar& const_cast<std::remove_const_t<B>&>(p.second);
}
template <typename Archive>
void archive_parts(Archive&, std::monostate&) {}

} // namespace mpimap::detail
