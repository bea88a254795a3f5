#pragma once

// What trust_bytes gives: a functor whose bytes are shipped as they are.

#include <functional>
#include <type_traits>
#include <utility>

#include <mpimap/detail/function_copy.hpp>

namespace mpimap::detail {

template <typename F>
struct trusted_function {
    F f;
    template <typename... Args>
        requires std::is_invocable_v<F&, Args...>
    decltype(auto) operator()(Args&&... args) { return std::invoke(f, std::forward<Args>(args)...); }
};
template <typename F>
inline constexpr bool has_own_shipping<trusted_function<F>> = true;

template <typename F>
struct function_copy<trusted_function<F>> {
    static constexpr bool supported =
        std::is_trivially_copy_constructible_v<F> && std::is_trivially_destructible_v<F>;
    static void write(writer& out, const trusted_function<F>& f) { write_object_bytes(out, f.f, false); }
    void read(reader& in) { in.bytes(object_.storage(), sizeof(F)); }
    [[nodiscard]] F& get() { return object_.get(); }

  private:
    bytes_object<F> object_;
};

} // namespace mpimap::detail
