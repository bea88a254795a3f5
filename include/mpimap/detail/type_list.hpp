#pragma once

// Lists of types, such as the parts that a type consists of, and what is asked of all or any of them.

#include <type_traits>

namespace mpimap::detail {

template <typename... Ts>
struct type_list {};

/// Whether `Test<T>::value` holds for each T of a list.
template <template <typename> typename Test, typename... Ts>
consteval bool all_parts(type_list<Ts...>) {
    return (Test<Ts>::value && ...);
}
/// For one of them.
template <template <typename> typename Test, typename... Ts>
consteval bool any_part(type_list<Ts...>) {
    return (Test<Ts>::value || ...);
}
/// The first one that it holds for.
template <template <typename> typename Test, typename T, typename... More>
consteval auto first_with(type_list<T, More...>) {
    if constexpr (Test<T>::value) {
        return std::type_identity<T>{};
    } else {
        return first_with<Test>(type_list<More...>{});
    }
}

template <typename T, typename... Seen>
inline constexpr bool is_one_of = (std::is_same_v<T, Seen> || ...);

template <typename T, typename... Seen>
consteval bool is_one_of_types(type_list<Seen...>) {
    return is_one_of<T, Seen...>;
}

} // namespace mpimap::detail
