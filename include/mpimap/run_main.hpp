#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include <mpimap/detail/explain.hpp>
#include <mpimap/environment.hpp>

namespace mpimap {
namespace detail {

[[nodiscard]] int run_main(int argc, char** argv, environment_options options,
                           const std::function<int(int&, char**&)>& program);

/// Called with these it gives what a program may give.
template <typename F, typename... Args>
concept program_called_with = std::is_invocable_r_v<int, F&, Args...> ||
    (std::is_invocable_v<F&, Args...>&& std::is_void_v<std::invoke_result_t<F&, Args...>>);

template <typename F>
consteval auto find_program_problem() {
    if constexpr (program_called_with<F, int&, char**&> || program_called_with<F>) {
        return no_finding{};
    } else {
        return finding<problem::program_cannot_be_called, F>{};
    }
}

} // namespace detail

/// A whole `main`: `int main(int argc, char** argv) { return mpimap::run_main(argc, argv, program); }`, on
/// every rank. `program` takes argc and argv, or nothing, and returns the program's status, or nothing. It is
/// called while there is an environment with `handle_signals`, whatever `options` say of that.
///
/// Returns what the program returns; `status_of_interrupted`, 75, if it throws `interrupted`, or returns 0
/// though a call has left items for the same reason: who runs it again goes on with its journal. Where it
/// throws anything else, rank and text are printed, and the job ends. MPI is finalised; a rank whose program
/// throws `interrupted`, or returns another status than 0, waits for the others for five seconds at most,
/// then the job ends.
template <typename Program>
[[nodiscard]] int run_main(int argc, char** argv, environment_options options, Program&& program) {
    using function = std::remove_reference_t<Program>;
    if constexpr (detail::explain(detail::find_program_problem<function>())) {
        return detail::run_main(argc, argv, options, [&program](int& count, char**& values) {
            const auto call = [&]() -> decltype(auto) {
                if constexpr (detail::program_called_with<function, int&, char**&>) {
                    return program(count, values);
                } else {
                    return program();
                }
            };
            if constexpr (std::is_void_v<decltype(call())>) {
                call();
                return 0;
            } else {
                return static_cast<int>(call());
            }
        });
    } else {
        return 0;
    }
}

template <typename Program>
[[nodiscard]] int run_main(int argc, char** argv, Program&& program) {
    return run_main(argc, argv, environment_options{}, std::forward<Program>(program));
}

} // namespace mpimap
