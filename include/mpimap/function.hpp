#pragma once

// Functions that travel with their state.

#include <type_traits>
#include <utility>

#include <mpimap/detail/binder.hpp>
#include <mpimap/detail/binder_copy.hpp>
#include <mpimap/detail/function_copy.hpp>
#include <mpimap/detail/per_rank_function.hpp>
#include <mpimap/detail/trusted_function.hpp>
#include <mpimap/task.hpp>

namespace mpimap {

/// `std::bind_front` whose bound state travels: `bind_front(add, 1.0)`, `bind_front(&model::energy, m)`.
///
/// An object, a pointer, a `std::shared_ptr` or a `std::reference_wrapper` may be bound: the object behind it
/// is read on the root, sent to every rank once per call, and each rank calls its own copy. Pointers and
/// references to polymorphic types go by Boost.Serialization and keep their dynamic type (export it the Boost
/// way).
template <typename F, typename... Bound>
    requires detail::can_be_bound<F, Bound...>
[[nodiscard]] constexpr auto bind_front(F&& f, Bound&&... bound) {
    return detail::front_binder<std::decay_t<F>, std::decay_t<Bound>...>(std::in_place, std::forward<F>(f),
                                                                         std::forward<Bound>(bound)...);
}

/// The same for a function known at compile time: `bind_front<&model::energy>(m)`,
/// `bind_front<&step>(*this)`.
template <auto Function, typename... Bound>
[[nodiscard]] constexpr auto bind_front(Bound&&... bound) {
    return detail::front_binder<detail::constant_function<Function>, std::decay_t<Bound>...>(
        std::in_place, detail::constant_function<Function>{}, std::forward<Bound>(bound)...);
}

/// `std::bind_back` whose bound state travels: `bind_back(power, 2.0)` is `[](double x) { return
/// power(x, 2.0); }`.
template <typename F, typename... Bound>
    requires detail::can_be_bound<F, Bound...>
[[nodiscard]] constexpr auto bind_back(F&& f, Bound&&... bound) {
    return detail::back_binder<std::decay_t<F>, std::decay_t<Bound>...>(std::in_place, std::forward<F>(f),
                                                                        std::forward<Bound>(bound)...);
}

template <auto Function, typename... Bound>
[[nodiscard]] constexpr auto bind_back(Bound&&... bound) {
    return detail::back_binder<detail::constant_function<Function>, std::decay_t<Bound>...>(
        std::in_place, detail::constant_function<Function>{}, std::forward<Bound>(bound)...);
}

/// Ships a functor's bytes without looking for pointers in them: for state whose numbers only look like
/// addresses, or pointers that mean the same on every rank. The caller answers for it.
template <typename F>
[[nodiscard]] auto trust_bytes(F&& f) {
    return detail::trusted_function<std::decay_t<F>>{std::forward<F>(f)};
}

/// A function that is made where it runs: `factory()` is called once per rank and call, before the rank's
/// first item, and what it returns runs the items. For what must not travel: an open file, a solver with its
/// workspace, a GPU handle. The factory is shipped as any function; further arguments are bound to it. If it
/// throws, the items that run on that rank fail with its exception. In a pool what it returns serves all
/// calls with the same factory and arguments.
template <typename Factory, typename... Args>
[[nodiscard]] auto per_rank(Factory&& factory, Args&&... args) {
    if constexpr (sizeof...(Args) == 0) {
        return detail::per_rank_function<std::decay_t<Factory>>{std::forward<Factory>(factory)};
    } else {
        auto bound = mpimap::bind_front(std::forward<Factory>(factory), std::forward<Args>(args)...);
        return detail::per_rank_function<decltype(bound)>{std::move(bound)};
    }
}

} // namespace mpimap
