#pragma once

// A function called with the parts of tuples: what mpi_starmap ships.

#include <cstddef>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include <mpimap/detail/parts.hpp>
#include <mpimap/function.hpp>

namespace mpimap::detail {

/// Makes the argument of a starmap one column whose tuples are spread over the function's parameters.
template <typename F>
struct spread {
    const F* f;
    [[nodiscard]] const F& adapted() const { return *f; }
};

template <typename F, typename Tuple, typename... First>
consteval bool applicable() {
    if constexpr (requires { std::tuple_size<Tuple>::value; }) {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return std::is_invocable_v<F&, First..., const std::tuple_element_t<I, Tuple>&...>;
        }
        (std::make_index_sequence<std::tuple_size_v<Tuple>>{});
    } else {
        return false;
    }
}

template <typename F>
struct call_of_spread {
    callable_of<F>* f;
    template <typename Tuple>
        requires(applicable<callable_of<F>, Tuple>())
    decltype(auto) operator()(const Tuple& t) {
        return std::apply([this](const auto&... part) -> decltype(auto) { return std::invoke(*f, part...); },
                          t);
    }
    template <typename Tuple>
        requires(!applicable<callable_of<F>, Tuple>())
    &&(applicable<callable_of<F>, Tuple, task>()) decltype(auto) operator()(task where, const Tuple& t) {
        return std::apply(
            [&](const auto&... part) -> decltype(auto) { return std::invoke(*f, where, part...); }, t);
    }
};
template <typename F>
struct function_copy<spread<F>> : adapted_copy<F, call_of_spread<F>> {};
template <typename F>
inline constexpr bool has_own_shipping<spread<F>> = true;

template <typename F>
struct function_parts<spread<F>> : adapted_parts<spread<F>, F> {};

} // namespace mpimap::detail
