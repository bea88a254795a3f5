#pragma once

// Structs that can be taken apart into their members, and what is to be known of those that cannot.

#include <concepts>
#include <cstddef>
#include <exception>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <mpimap/detail/structured_bindings.hpp>
#include <mpimap/detail/type_list.hpp>

namespace mpimap::detail {

template <typename T>
struct any_base_of {
    template <typename B>
        requires(std::is_base_of_v<B, T> && !std::is_same_v<B, T>)
    operator B() const {
        std::terminate(); // only asked whether it compiles; a body, since some types have no linkage
    }
};

struct stranger {};

/// Aggregates with base classes: bases are initialised first, and no binding names them. A first member that
/// is made of whatever comes would be taken for one.
template <typename T>
concept has_base_class = requires {
    T{any_base_of<T>{}};
}
&&!requires {
    T{stranger{}};
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

// No more members than bytes; one more than can be bound, to know that they are too many.
template <typename T>
inline constexpr std::size_t most_initialisers = sizeof(T) < most_members + 1 ? sizeof(T) : most_members + 1;

template <typename T, typename Any, std::size_t N>
consteval std::size_t count_up() {
    if constexpr (N < most_initialisers<T> && initialisable<T, Any>(std::make_index_sequence<N + 1>{})) {
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
        return count_down<T, Any, most_initialisers<T>>();
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
    if constexpr (requires { T{any_member{Before}..., {}, any_member{After}...}; }) {
        return true;
    } else {
        // Of a container this makes one with an element, for which Clang instantiates more than it need.
        return requires {
            T{any_member{Before}..., {any_member{0}}, any_member{After}...};
        };
    }
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

template <typename T, std::size_t N, std::size_t I>
consteval bool is_first_of_array() {
    // The first question settles nearly all; classes without a default constructor may fail it.
    if constexpr (takes_one_at<T>(std::make_index_sequence<I>{}, std::make_index_sequence<N - I - 1>{})) {
        return false;
    } else {
        return array_begins_at<T, N, I>();
    }
}

/// C arrays as members of T (of at least two elements; one element behaves like a scalar here).
template <typename T>
consteval bool has_array_member() {
    constexpr std::size_t n = count_initialisers<T>();
    return []<std::size_t... I>(std::index_sequence<I...>) {
        return (is_first_of_array<T, n, I>() || ...);
    }
    (std::make_index_sequence<n>{});
}

// ---------------------------------------------------------------- how many, and whether they can be named

inline constexpr std::size_t unknown_number = static_cast<std::size_t>(-1);

template <typename T, std::size_t... I>
consteval bool takes_braces_behind(std::index_sequence<I...>) {
    return requires {
        T{any_member{I}..., {}};
    };
}

/// The number of members of an aggregate without bases.
template <typename T>
consteval std::size_t number_of_members() {
    if constexpr (has_reference_member<T>()) {
        return unknown_number;
    } else {
        constexpr std::size_t n = count_initialisers<T>();
        if constexpr (n == 0 || n > most_members) {
            return unknown_number;
        } else if constexpr (takes_braces_behind<T>(std::make_index_sequence<n>{})) {
            return unknown_number; // one more member, of a type that is made of anything
        } else {
            return has_array_member<T>() ? unknown_number : n;
        }
    }
}

/// The type of an anonymous union or struct, or of a member that is of such a type without a name.
template <typename M>
consteval bool has_no_name() {
    if constexpr (!requires { sizeof(M); }) {
        return false;
    } else if constexpr (std::is_union_v<M> || (std::is_class_v<M> && std::is_aggregate_v<M>)) {
        // Of the outermost name the last part: "M = app::record::<unnamed union>" says GCC, "(anonymous union
        // at ...)" and "(unnamed struct at ...)" Clang.
        constexpr std::string_view name = __PRETTY_FUNCTION__;
        int depth = 0;
        std::size_t last = name.find("M = ") + 4;
        for (std::size_t i = last; i + 1 < name.size(); ++i) {
            if (name[i] == '<' && !name.substr(i).starts_with("<unnamed"))
                ++depth;
            if (name[i] == '>')
                --depth;
            if (depth == 0 && name[i] == ':' && name[i + 1] == ':')
                last = i + 2;
        }
        const std::string_view own = name.substr(last);
        return own.starts_with("<unnamed") || own.starts_with("(unnamed") ||
               own.starts_with("(anonymous u") || own.starts_with("(anonymous s") ||
               own.starts_with("(anonymous c");
    } else {
        return false;
    }
}

/// Converts to nothing but types without a name.
struct any_unnamed_member {
    template <typename M>
        requires(has_no_name<M>())
    operator M() const { std::terminate(); }
};

template <typename T, std::size_t... Before, std::size_t... After>
consteval bool unnamed_fits(std::index_sequence<Before...>, std::index_sequence<After...>) {
    return requires {
        T{any_member{Before}..., any_unnamed_member{}, any_member{After}...};
    };
}

/// Whether one of N members is, or begins with, a union or struct without a name: if it is an anonymous one,
/// no binding can name it.
template <typename T, std::size_t N>
consteval bool has_anonymous_member() {
    return []<std::size_t... I>(std::index_sequence<I...>) {
        return (unnamed_fits<T>(std::make_index_sequence<I>{}, std::make_index_sequence<N - I - 1>{}) || ...);
    }
    (std::make_index_sequence<N>{});
}

template <typename T>
concept is_like_a_tuple = requires {
    std::tuple_size<T>::value;
};

template <typename T>
consteval std::size_t number_of_bindings() {
    if constexpr (!std::is_class_v<T> || !std::is_aggregate_v<T> || std::is_polymorphic_v<T> ||
                  is_like_a_tuple<T>) {
        return unknown_number;
    } else if constexpr (has_base_class<T>) {
        return unknown_number;
    } else if constexpr (std::is_empty_v<T>) {
        return 0;
    } else {
        constexpr std::size_t n = number_of_members<T>();
        if constexpr (n == unknown_number) {
            return n;
        } else {
            return has_anonymous_member<T, n>() ? unknown_number : n;
        }
    }
}

/// The number of members of T, or `unknown_number`.
template <typename T>
inline constexpr std::size_t member_count = number_of_bindings<std::remove_cv_t<T>>();

struct list_types {
    template <typename... M>
    constexpr type_list<M...> operator()(M&...) const {
        return {};
    }
};

template <typename T>
consteval auto list_members() {
    if constexpr (member_count<T> == 0) {
        return type_list<>{};
    } else if constexpr (member_count<T> != unknown_number) {
        return bind_members(member_number<member_count<T>>{}, *static_cast<T*>(nullptr), list_types{});
    }
}
/// The types of the members, as they are declared; void where they cannot be referred to.
template <typename T>
using member_types = decltype(list_members<T>());

template <typename T, typename... M>
consteval bool is_packed(type_list<M...>) {
    return ((alignof(M) > alignof(T)) || ...);
}

/// Whether the types of the members are known.
template <typename T>
consteval bool can_list_members() {
    if constexpr (member_count<T> == unknown_number) {
        return false;
    } else {
        return !std::is_void_v<member_types<T>>;
    }
}
template <typename T>
inline constexpr bool shows_members = can_list_members<T>();

/// Whether a T can be read and written member by member.
template <typename T>
consteval bool can_take_apart() {
    if constexpr (shows_members<T>) {
        return !is_packed<T>(member_types<T>{}) && !any_part<std::is_array>(member_types<T>{});
    } else {
        return false;
    }
}

template <typename... M>
consteval auto list_plain(type_list<M...>) {
    return type_list<std::remove_cv_t<std::remove_all_extents_t<M>>...>{};
}
/// The types of the members without their qualifiers, and of the elements of those that are C arrays.
template <typename T>
using plain_members = decltype(list_plain(member_types<T>{}));

/// Calls `visit` with each member in order.
template <typename T, typename Visit>
constexpr void for_each_member(T& value, const Visit& visit) {
    if constexpr (member_count<T> != 0) {
        bind_members(member_number<member_count<T>>{}, value,
                     [&visit](auto&... member) { (visit(member), ...); });
    }
}

} // namespace mpimap::detail
