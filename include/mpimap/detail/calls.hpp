#pragma once

// The calls that end with all items, whoever runs them: from the arguments to what the caller gets, or the
// text of what is wrong with them. `runner.run(operation, f, args...)` runs an operation of operations.hpp.

#include <memory>
#include <type_traits>
#include <utility>

#include <mpimap/detail/examine_call.hpp>
#include <mpimap/detail/examine_function.hpp>
#include <mpimap/detail/examine_reduction.hpp>
#include <mpimap/detail/explain.hpp>
#include <mpimap/detail/operations.hpp>
#include <mpimap/detail/spread.hpp>
#include <mpimap/options.hpp>

namespace mpimap::detail {

template <typename F>
concept not_options = !std::is_convertible_v<F, const options&>;

/// Functions decay to pointers, all else is referred to.
template <typename F>
decltype(auto) as_function(F& f) {
    if constexpr (std::is_function_v<F>) {
        return &f;
    } else {
        return std::as_const(f);
    }
}

template <typename F>
using shipped = std::remove_cvref_t<std::decay_t<F>>;

template <typename F, typename Runner, typename... Args>
auto call_map(const Runner& runner, const F& f, Args&... args) {
    if constexpr (with_grid<Args...>) {
        return take_apart([&](auto&&... a) { return call_map<F>(runner, f, a...); }, args...);
    } else if constexpr (explain(find_problem<true, F, Args...>())) {
        map_operation<F, Args...> operation;
        return runner.run(operation, f, args...);
    } else {
        return explained{};
    }
}

template <typename F, typename Runner, typename Tuples>
auto call_starmap(const Runner& runner, const F& f, Tuples& tuples) {
    if constexpr (with_grid<Tuples>) {
        return call_map<F>(runner, f, tuples); // the points are its tuples
    } else if constexpr (explain(function_finding<F>{})) {
        const spread<F> g{std::addressof(f)};
        return call_map<spread<F>>(runner, g, tuples);
    } else {
        return explained{};
    }
}

template <typename Out, typename F, typename Runner, typename... Args>
void call_map_into(const Runner& runner, const F& f, Out& out, Args&... args) {
    if constexpr (with_grid<Args...>) {
        take_apart([&](auto&&... a) { return call_map_into<Out, F>(runner, f, out, a...); }, args...);
    } else if constexpr (explain(find_output_problem<Out, F, Args...>())) {
        into_operation<Out, F, Args...> operation(out);
        runner.run(operation, f, args...);
    }
}

template <typename F, typename Runner, typename... Args>
void call_for_each(const Runner& runner, const F& f, Args&... args) {
    if constexpr (with_grid<Args...>) {
        take_apart([&](auto&&... a) { return call_for_each<F>(runner, f, a...); }, args...);
    } else if constexpr (explain(find_problem<false, F, Args...>())) {
        for_each_operation<F, Args...> operation;
        runner.run(operation, f, args...);
    }
}

template <typename F, typename Runner, typename... Args>
auto call_try_map(const Runner& runner, const F& f, Args&... args) {
    if constexpr (with_grid<Args...>) {
        return take_apart([&](auto&&... a) { return call_try_map<F>(runner, f, a...); }, args...);
    } else if constexpr (explain(find_problem<true, F, Args...>())) {
        try_map_operation<F, Args...> operation;
        return runner.run(operation, f, args...);
    } else {
        return explained{};
    }
}

template <typename T, typename Op, typename F, typename Runner, typename... Args>
auto call_map_reduce(const Runner& runner, const Op& op, T init, const F& f, Args&... args) {
    if constexpr (with_grid<Args...>) {
        return take_apart(
            [&](auto&&... a) { return call_map_reduce<T, Op, F>(runner, op, std::move(init), f, a...); },
            args...);
    } else if constexpr (explain(find_reduction_problem<T, Op, F, Args...>())) {
        reduce_operation<T, Op, F, Args...> operation(std::move(init));
        const mapped_reduction<F, Op> both{std::addressof(f), std::addressof(op)};
        return runner.run(operation, both, args...);
    } else {
        return explained{};
    }
}

} // namespace mpimap::detail
