#pragma once

// Boost.Serialization's support for the standard library, and what Boost 1.81 lacks inside a user's
// `serialize`: std::optional, std::variant, std::tuple. Not part of mpimap.hpp, since it is heavy: include it
// where types have a `serialize` function with such members, or where smart pointers to polymorphic types
// travel.

#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>
#include <variant>

#include <boost/serialization/array.hpp>
#include <boost/serialization/base_object.hpp>
#include <boost/serialization/complex.hpp>
#include <boost/serialization/deque.hpp>
#include <boost/serialization/export.hpp>
#include <boost/serialization/forward_list.hpp>
#include <boost/serialization/list.hpp>
#include <boost/serialization/map.hpp>
#include <boost/serialization/set.hpp>
#include <boost/serialization/shared_ptr.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/unique_ptr.hpp>
#include <boost/serialization/unordered_map.hpp>
#include <boost/serialization/unordered_set.hpp>
#include <boost/serialization/utility.hpp>
#include <boost/serialization/vector.hpp>
#include <boost/version.hpp>

#include <mpimap/detail/archive.hpp>
#include <mpimap/errors.hpp>

#if BOOST_VERSION >= 108400
#include <boost/serialization/optional.hpp>
#include <boost/serialization/variant.hpp>
#endif

namespace boost::serialization {

#if BOOST_VERSION < 108400

// One function each, not save and load apart: overload resolution of `load` meets Boost's own for shared_ptr,
// whose signature does not compile for std::optional.
template <typename Archive, typename T>
void serialize(Archive& ar, std::optional<T>& o, unsigned int) {
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
void serialize(Archive& ar, std::variant<Ts...>& v, unsigned int) {
    std::size_t index = v.index();
    ar& index;
    if constexpr (Archive::is_loading::value) {
        const bool found = [&]<std::size_t... I>(std::index_sequence<I...>) {
            return ((index == I && (v.template emplace<I>(), true)) || ...);
        }
        (std::index_sequence_for<Ts...>{});
        if (!found)
            throw mpimap::serialization_error("mpimap: no such alternative of a std::variant");
    }
    std::visit([&ar](auto& value) { ar& value; }, v);
}

#endif

template <typename Archive, typename... Ts>
void serialize(Archive& ar, std::tuple<Ts...>& t, unsigned int) {
    std::apply([&ar](auto&... part) { ((ar & part), ...); }, t);
}

template <typename Archive>
void serialize(Archive&, std::monostate&, unsigned int) {}

} // namespace boost::serialization
