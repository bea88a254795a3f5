#pragma once

// What calls may have in common: the parts of their functions, and their constants.

#include <cstddef>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include <mpimap/detail/stream.hpp>
#include <mpimap/function.hpp>

namespace mpimap::detail {

/// Whether the copy of F that a rank made for one call is for later calls, too.
template <typename F>
inline constexpr bool outlives_calls = false;
template <typename Factory>
inline constexpr bool outlives_calls<per_rank_function<Factory>> = true;

/// An address of which there is one per type, though two closures in two files share a name.
template <typename T>
inline constexpr char type_tag = 0;

/// The parts that a function travels in: one, itself. Calls of any kind share those of the same type and
/// content; what is made of several functions, such as a reduction, has their parts.
template <typename F>
struct function_parts {
    using copy = std::shared_ptr<function_copy<F>>; // null until its first part has been read
    static constexpr std::size_t count = 1;
    [[nodiscard]] static const void* type(std::size_t) { return &type_tag<function_copy<F>>; }
    static void write(std::size_t, writer& out, const F& f) { function_copy<F>::write(out, f); }
    /// Gives what may serve later calls, too; nothing where each call needs its own.
    static std::shared_ptr<void> read(std::size_t, reader& in, copy& to) {
        to = std::make_shared<function_copy<F>>();
        to->read(in);
        return outlives_calls<F> ? to : nullptr;
    }
    /// Instead: what read() gave earlier, or null, to forget the copy.
    static void use(std::size_t, std::shared_ptr<void> part, copy& to) {
        to = std::static_pointer_cast<function_copy<F>>(std::move(part));
    }
};

/// The copy of what calls a function in another way: `Callable` has a pointer `f` to that function.
template <typename F, typename Callable>
class adapted_copy {
  public:
    static constexpr bool supported = function_copy<F>::supported;
    [[nodiscard]] Callable& get() {
        callable_.f = std::addressof(function->get());
        return callable_;
    }
    typename function_parts<F>::copy function;

  private:
    Callable callable_{nullptr};
};
/// Of what calls a function in another way: that function's. `Adapter::adapted()` gives it, and its copy is
/// the member `function` of the adapter's.
template <typename Adapter, typename F>
struct adapted_parts {
    using copy = std::shared_ptr<function_copy<Adapter>>;
    static constexpr std::size_t count = 1;
    [[nodiscard]] static const void* type(std::size_t) { return function_parts<F>::type(0); }
    static void write(std::size_t, writer& out, const Adapter& a) {
        function_parts<F>::write(0, out, a.adapted());
    }
    static std::shared_ptr<void> read(std::size_t, reader& in, copy& to) {
        to = std::make_shared<function_copy<Adapter>>();
        return function_parts<F>::read(0, in, to->function);
    }
    static void use(std::size_t, std::shared_ptr<void> part, copy& to) {
        to = part ? std::make_shared<function_copy<Adapter>>() : nullptr;
        if (to)
            function_parts<F>::use(0, std::move(part), to->function);
    }
};

/// Calls `f(argument)` with the k-th of those arguments that are constants.
template <typename Arguments, typename Call>
void with_constant(std::size_t k, Arguments& arguments, const Call& f) {
    const auto visit = [&](auto& a) {
        if constexpr (std::remove_cvref_t<decltype(a)>::constant) {
            if (k-- == 0)
                f(a);
        }
    };
    std::apply([&](auto&... a) { (visit(a), ...); }, arguments);
}

} // namespace mpimap::detail
