#pragma once

// A function whose items are numbered by the caller: what submit ships where the function asks for its task.

#include <functional>

#include <mpimap/detail/parts.hpp>
#include <mpimap/detail/run_items.hpp>
#include <mpimap/function.hpp>

namespace mpimap::detail {

/// Submissions of one function are items of one call: the index there says nothing of the others.
template <typename F>
struct numbered {
    F f;
    [[nodiscard]] const F& adapted() const { return f; }
};

template <typename F>
struct call_of_numbered {
    callable_of<F>* f;
    template <typename... Ts>
        requires(takes_task<callable_of<F>, Ts...>)
    decltype(auto) operator()(const task& t, item_number number, const Ts&... xs) {
        return std::invoke(*f, task(t, number.value), xs...);
    }
};
template <typename F>
struct function_copy<numbered<F>> : adapted_copy<F, call_of_numbered<F>> {};
template <typename F>
inline constexpr bool has_own_shipping<numbered<F>> = true;

template <typename F>
struct function_parts<numbered<F>> : adapted_parts<numbered<F>, F> {};

} // namespace mpimap::detail
