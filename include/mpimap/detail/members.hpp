#pragma once

// Structs that can be taken apart into their members, with the help of Boost.PFR.

#include <concepts>
#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

#include <boost/pfr/core.hpp>

namespace mpimap::detail {

template <typename T>
struct any_base_of {
    template <typename B>
        requires(std::is_base_of_v<B, T> && !std::is_same_v<B, T>)
    operator B() const {
        std::terminate(); // only asked whether it compiles; a body, since some types have no linkage
    }
};

/// Aggregates with base classes, which Boost.PFR 1.81 cannot take apart: bases are initialised first.
template <typename T>
concept has_base_class = requires {
    T{any_base_of<T>{}};
};

struct any_member {
    explicit any_member(std::size_t) {}
    template <typename M>
    operator M() const {
        std::terminate();
    }
};

/// Binds to references as well, which any_member, a temporary, cannot do.
struct any_reference {
    explicit any_reference(std::size_t) {}
    template <typename M>
    operator M&() const {
        std::terminate();
    }
};

template <typename T, typename Any, std::size_t... I>
consteval bool initialisable(std::index_sequence<I...>) {
    return requires {
        T{Any{I}...};
    };
}

// No more members than bytes, and no use in going on where PFR's own limit (200) is near.
template <typename T>
inline constexpr std::size_t most_members = sizeof(T) < 120 ? sizeof(T) : 120;

template <typename T, typename Any, std::size_t N>
consteval std::size_t count_up() {
    if constexpr (N < most_members<T> && initialisable<T, Any>(std::make_index_sequence<N + 1>{})) {
        return count_up<T, Any, N + 1>();
    } else {
        return N;
    }
}
template <typename T, typename Any, std::size_t N>
consteval std::size_t count_down() {
    if constexpr (N == 0) {
        return 0;
    } else if constexpr (initialisable<T, Any>(std::make_index_sequence<N>{})) {
        return N;
    } else {
        return count_down<T, Any, N - 1>();
    }
}

/// How many initialisers T{...} takes, elements of C arrays counted one by one.
template <typename T, typename Any = any_member>
consteval std::size_t count_initialisers() {
    if constexpr (initialisable<T, Any>(std::index_sequence<>{})) {
        return count_up<T, Any, 0>(); // fewer initialisers than members are fine
    } else {
        return count_down<T, Any, most_members<T>>();
    }
}

/// Structs with a member that is a reference.
template <typename T>
consteval bool has_reference_member() {
    if constexpr (std::is_default_constructible_v<T>) {
        return false;
    } else {
        return count_initialisers<T, any_reference>() > count_initialisers<T>();
    }
}

template <typename T, std::size_t... Before, std::size_t... After>
consteval bool takes_one_at(std::index_sequence<Before...>, std::index_sequence<After...>) {
    // {} fills a whole array: then the remaining initialisers are too many.
    return requires {
        T{any_member{Before}..., {}, any_member{After}...};
    }
    || requires {
        T{any_member{Before}..., {any_member{0}}, any_member{After}...};
    };
}

template <typename T, std::size_t... Before, std::size_t... Inside, std::size_t... After>
consteval bool takes_inside(std::index_sequence<Before...>, std::index_sequence<Inside...>,
                            std::index_sequence<After...>) {
    return requires {
        T{any_member{Before}..., {any_member{Inside}...}, any_member{After}...};
    };
}

/// Whether initialiser I of N is the first of an array's: then some number K of them fit into braces, and the
/// N - I - K that are left are all that may follow. A class takes one place, whatever is in its braces.
template <typename T, std::size_t N, std::size_t I, std::size_t K = 2>
consteval bool array_begins_at() {
    if constexpr (I + K > N) {
        return false;
    } else if constexpr (takes_inside<T>(std::make_index_sequence<I>{}, std::make_index_sequence<K>{},
                                         std::make_index_sequence<N - I - K>{}) &&
                         !takes_inside<T>(std::make_index_sequence<I>{}, std::make_index_sequence<K>{},
                                          std::make_index_sequence<N - I - K + 1>{})) {
        return true;
    } else {
        return array_begins_at<T, N, I, K + 1>();
    }
}

/// C arrays as members of T (of at least two elements; one element behaves like a scalar here).
template <typename T>
consteval bool has_array_member() {
    constexpr std::size_t n = count_initialisers<T>();
    return []<std::size_t... I>(std::index_sequence<I...>) {
        // The first question settles nearly all; classes without a default constructor may fail it.
        return ((!takes_one_at<T>(std::make_index_sequence<I>{}, std::make_index_sequence<n - I - 1>{}) &&
                 array_begins_at<T, n, I>()) ||
                ...);
    }
    (std::make_index_sequence<n>{});
}

template <typename T>
consteval bool can_take_apart() {
    if constexpr (!std::is_class_v<T> || !std::is_aggregate_v<T> || std::is_polymorphic_v<T>) {
        return false;
    } else if constexpr (std::is_empty_v<T>) {
        return !has_base_class<T>;
    } else if constexpr (has_base_class<T> || has_reference_member<T>()) {
        return false;
    } else {
        return !has_array_member<T>();
    }
}

// The members of what can be taken apart. Boost.PFR's own count makes GCC 12 crash on members that are
// std::array of strings and the like, so it is told the number.
template <typename T>
inline constexpr std::size_t member_count = count_initialisers<std::remove_cv_t<T>>();

template <typename T>
constexpr auto members_of(T& value) {
    return boost::pfr::detail::tie_as_tuple(value, boost::pfr::detail::size_t_<member_count<T>>{});
}

template <std::size_t I, typename T>
using member_t = std::remove_reference_t<typename boost::pfr::detail::sequence_tuple::tuple_element<
    I, decltype(members_of(std::declval<T&>()))>::type>;

/// Calls `visit` with each member in order.
template <typename T, typename Visit>
constexpr void for_each_member(T& value, const Visit& visit) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        const auto members = members_of(value);
        (visit(boost::pfr::detail::sequence_tuple::get<I>(members)), ...);
    }
    (std::make_index_sequence<member_count<T>>{});
}

} // namespace mpimap::detail
