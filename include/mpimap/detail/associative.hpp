#pragma once

// Sets and maps: what orders or finds their keys, and the order in which they are gone through.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace mpimap::detail {

class reader;
class writer;

/// std::pmr::polymorphic_allocator, known by what it has.
template <typename A>
concept polymorphic_allocator_like = sizeof(A) == sizeof(void*) && requires(const A& a) {
    { a.resource() } -> std::convertible_to<void*>;
    { a.select_on_container_copy_construction() } -> std::same_as<A>;
    A(a.resource());
};

/// Whether a container's allocator is the same everywhere: one without state. A container of std::pmr is made
/// with the other rank's default resource.
template <typename A>
inline constexpr bool allocator_travels = std::is_empty_v<A> || polymorphic_allocator_like<A>;

template <typename C>
concept maps_keys = requires {
    typename C::mapped_type;
};

/// Those of the standard library.
template <typename C>
inline constexpr bool unordered_container = false;
template <typename K, typename H, typename E, typename A>
inline constexpr bool unordered_container<std::unordered_set<K, H, E, A>> = true;
template <typename K, typename H, typename E, typename A>
inline constexpr bool unordered_container<std::unordered_multiset<K, H, E, A>> = true;
template <typename K, typename V, typename H, typename E, typename A>
inline constexpr bool unordered_container<std::unordered_map<K, V, H, E, A>> = true;
template <typename K, typename V, typename H, typename E, typename A>
inline constexpr bool unordered_container<std::unordered_multimap<K, V, H, E, A>> = true;

template <typename C>
[[nodiscard]] const typename C::key_type& key_in(const typename C::value_type& element) {
    if constexpr (maps_keys<C>) {
        return element.first;
    } else {
        return element;
    }
}

template <typename C>
concept unordered = unordered_container<C>;

/// A hash table is gone through in an order that hangs on its number of buckets and on the order in which
/// elements came: one that comes last is the first of its bucket, which is the first of all where it was
/// empty, or stands behind its equal. So a copy is built from the last group of equal elements to the first.
/// Calls `visit` with each element in that order.
template <unordered C, typename Visit>
void for_each_as_built(const C& c, const Visit& visit) {
    std::vector<typename C::const_iterator> groups;
    groups.reserve(c.size());
    for (auto at = c.begin(); at != c.end(); ++at) {
        if (groups.empty() || !c.key_eq()(key_in<C>(*groups.back()), key_in<C>(*at)))
            groups.push_back(at);
    }
    auto end = c.end();
    for (auto group = groups.rbegin(); group != groups.rend(); ++group) {
        for (auto at = *group; at != end; ++at)
            visit(*at);
        end = *group;
    }
}

/// The shape of a hash table, ahead of its elements.
struct table_shape {
    std::uint64_t size = 0;
    std::uint64_t buckets = 0;
    float load = 1;
};
void write_shape(writer& out, const table_shape& shape);
[[nodiscard]] table_shape read_shape(reader& in);
template <unordered C>
[[nodiscard]] table_shape shape_of(const C& c) {
    return {c.size(), c.bucket_count(), c.max_load_factor()};
}

/// Fills an empty table with that shape. `read(insert)` is called for each element and calls
/// insert(key) or insert(key, value), which gives where the element is.
template <unordered C, typename Read>
void build_table(C& c, const table_shape& shape, const Read& read) {
    // One of which little is left does not take all the room again: with fewer buckets only the order is
    // another.
    constexpr std::uint64_t buckets_each = 64;
    constexpr std::uint64_t few = 65536;
    const std::uint64_t most = few + buckets_each * shape.size;
    const float load = shape.load > 0 ? shape.load : 1;
    c.max_load_factor(1e9F); // no other number of buckets meanwhile
    if (shape.buckets > c.bucket_count())
        c.rehash(static_cast<std::size_t>(shape.buckets < most ? shape.buckets : most));
    auto last = c.end();
    const auto insert = [&](auto&& key, auto&&... value) {
        const bool equal = last != c.end() && c.key_eq()(key_in<C>(*last), key);
        last = c.emplace_hint(equal ? last : c.end(), std::forward<decltype(key)>(key),
                              std::forward<decltype(value)>(value)...);
        return last;
    };
    for (std::uint64_t n = shape.size; n != 0; --n)
        read(insert);
    c.max_load_factor(load);
}

} // namespace mpimap::detail
