#pragma once

// Functions with some of their arguments bound: what bind_front and bind_back give.

#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace mpimap::detail {

template <auto Value>
struct constant_function {
    template <typename... Args>
        requires std::is_invocable_v<decltype(Value), Args...>
    constexpr decltype(auto) operator()(Args&&... args) const {
        return std::invoke(Value, std::forward<Args>(args)...);
    }
};

/// A bound argument as the call sees it: what a reference_wrapper refers to, everything else itself.
template <typename B>
constexpr auto& unwrapped(B& bound) {
    return bound;
}
template <typename T>
constexpr T& unwrapped(std::reference_wrapper<T>& bound) {
    return bound.get();
}
template <typename T>
constexpr T& unwrapped(const std::reference_wrapper<T>& bound) {
    return bound.get();
}

/// Calls f with the bound arguments before those of the call.
struct bound_first {
    template <typename F, typename... Bound>
    static constexpr auto with(F& f, Bound&... bound) {
        return [&]<typename... Args>(
                   Args && ... args) -> decltype(auto) requires std::is_invocable_v<F&, Bound&..., Args...> {
            return std::invoke(f, bound..., std::forward<Args>(args)...);
        };
    }
};
/// Behind them.
struct bound_last {
    template <typename F, typename... Bound>
    static constexpr auto with(F& f, Bound&... bound) {
        return [&]<typename... Args>(
                   Args && ... args) -> decltype(auto) requires std::is_invocable_v<F&, Args..., Bound&...> {
            return std::invoke(f, std::forward<Args>(args)..., bound...);
        };
    }
};

template <typename Order, typename F, typename... Bound>
class binder {
    static constexpr auto bind(auto& f, auto& bound) {
        return std::apply([&f](auto&... b) { return Order::with(f, unwrapped(b)...); }, bound);
    }

  public:
    template <typename G, typename... B>
    constexpr explicit binder(std::in_place_t, G&& f, B&&... bound)
        : f_(std::forward<G>(f)), bound_(std::forward<B>(bound)...) {}

    template <typename... Args>
        requires std::is_invocable_v<
            decltype(bind(std::declval<F&>(), std::declval<std::tuple<Bound...>&>())), Args...>
    constexpr decltype(auto) operator()(Args&&... args) {
        return bind(f_, bound_)(std::forward<Args>(args)...);
    }
    template <typename... Args>
        requires std::is_invocable_v<
            decltype(bind(std::declval<const F&>(), std::declval<const std::tuple<Bound...>&>())), Args...>
    constexpr decltype(auto) operator()(Args&&... args) const {
        return bind(f_, bound_)(std::forward<Args>(args)...);
    }

    [[nodiscard]] const F& function() const noexcept { return f_; }
    [[nodiscard]] const std::tuple<Bound...>& bound() const noexcept { return bound_; }

  private:
    F f_;
    std::tuple<Bound...> bound_;
};
template <typename F, typename... Bound>
using front_binder = binder<bound_first, F, Bound...>;
template <typename F, typename... Bound>
using back_binder = binder<bound_last, F, Bound...>;

// To ask for something makes these functions better than the standard library's of the same names, which are
// found, too, where an object of its types is bound.
template <typename F, typename... Bound>
concept can_be_bound = std::is_constructible_v<std::decay_t<F>, F> &&
    (std::is_constructible_v<std::decay_t<Bound>, Bound>&&...);

} // namespace mpimap::detail
