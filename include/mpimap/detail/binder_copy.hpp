#pragma once

// How functions with bound arguments are shipped.

#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include <mpimap/detail/binder.hpp>
#include <mpimap/detail/carried.hpp>
#include <mpimap/detail/function_copy.hpp>
#include <mpimap/errors.hpp>

namespace mpimap::detail {

template <typename Order, typename F, typename... B>
inline constexpr bool has_own_shipping<binder<Order, F, B...>> = true;

/// Whether a call may change what is bound though the function is const: behind a pointer is an object.
template <typename B>
inline constexpr bool binds_variable = std::is_pointer_v<B> && !std::is_const_v<std::remove_pointer_t<B>> &&
                                       !std::is_function_v<std::remove_pointer_t<B>>;
template <typename T>
inline constexpr bool binds_variable<std::reference_wrapper<T>> = !std::is_const_v<T>;
template <typename T>
inline constexpr bool binds_variable<std::shared_ptr<T>> = !std::is_const_v<T>;
template <typename Order, typename F, typename... Bound>
inline constexpr bool binds_variable<binder<Order, F, Bound...>> = (binds_variable<F> || ... ||
                                                                    binds_variable<Bound>);

template <typename F>
inline constexpr bool is_method = std::is_member_pointer_v<F>;
template <auto Value>
inline constexpr bool is_method<constant_function<Value>> = std::is_member_pointer_v<decltype(Value)>;
template <typename F, typename... Bound>
inline constexpr bool is_method<back_binder<F, Bound...>> = is_method<F>;

template <typename B>
inline constexpr bool is_nullable = std::is_pointer_v<B>;
template <typename T>
inline constexpr bool is_nullable<std::unique_ptr<T>> = true;
template <typename T>
inline constexpr bool is_nullable<std::shared_ptr<T>> = true;

/// A method needs an object; elsewhere a null pointer is a value like any other.
template <typename F, typename B, typename... Bound>
void check_object(const front_binder<F, B, Bound...>& b) {
    if constexpr (is_method<F> && is_nullable<B>) {
        if (std::get<0>(b.bound()) == nullptr)
            throw invalid_argument(
                "mpimap: bind_front: the object that the method is bound to is a null pointer");
    }
}
template <typename Binder>
void check_object(const Binder&) {}

template <typename Order, typename F, typename... Bound>
struct function_copy<binder<Order, F, Bound...>> {
    static constexpr bool supported = function_copy<F>::supported && (carried<Bound>::supported && ...);

    static void write(writer& out, const binder<Order, F, Bound...>& b) {
        check_object(b);
        function_copy<F>::write(out, b.function());
        std::apply([&out](const auto&... bound) { (carried<Bound>::write(out, bound), ...); }, b.bound());
    }
    void read(reader& in) {
        function_.read(in);
        std::apply([&in](auto&... bound) { (bound.read(in), ...); }, bound_);
    }
    [[nodiscard]] auto& get() noexcept { return *this; }

    template <typename... Args>
        requires std::is_invocable_v<
            decltype(Order::with(std::declval<F&>(), std::declval<carried<Bound>&>().get()...)), Args...>
    decltype(auto) operator()(Args&&... args) {
        return std::apply([this](auto&... b) { return Order::with(function_.get(), b.get()...); },
                          bound_)(std::forward<Args>(args)...);
    }

  private:
    function_copy<F> function_;
    std::tuple<carried<Bound>...> bound_;
};

} // namespace mpimap::detail
