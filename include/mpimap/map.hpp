#pragma once

// The collective calls: every rank of the communicator calls them, the root's arguments count.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <mpi.h>

#include <mpimap/arguments.hpp>
#include <mpimap/detail/checks.hpp>
#include <mpimap/detail/job.hpp>
#include <mpimap/detail/kernel.hpp>
#include <mpimap/detail/reduction.hpp>
#include <mpimap/errors.hpp>
#include <mpimap/expected.hpp>
#include <mpimap/function.hpp>
#include <mpimap/options.hpp>

namespace mpimap {
namespace detail {

template <typename F>
concept not_options = !std::is_convertible_v<F, const options&>;

enum class call_kind { map, into, for_each, try_map, reduce };

/// The same on every rank that makes the same call. By mangled name: __PRETTY_FUNCTION__ calls all lambdas of
/// a function alike.
template <call_kind Kind, typename... Types>
std::uint64_t signature() {
    struct call {};
    return hash_text(typeid(call).name());
}

/// Makes the argument of a starmap one column whose tuples are spread over the function's parameters.
template <typename F>
struct spread {
    const F* f;
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
struct function_copy<spread<F>> {
    static constexpr bool supported = function_copy<F>::supported;
    static void write(writer& out, const spread<F>& s) { function_copy<F>::write(out, *s.f); }
    void read(reader& in) { function_.read(in); }

    struct callable {
        callable_of<F>* f;
        template <typename Tuple>
            requires(applicable<callable_of<F>, Tuple>())
        decltype(auto) operator()(const Tuple& t) {
            return std::apply(
                [this](const auto&... part) -> decltype(auto) { return std::invoke(*f, part...); }, t);
        }
        template <typename Tuple>
            requires(!applicable<callable_of<F>, Tuple>())
        &&(applicable<callable_of<F>, Tuple, task>()) decltype(auto) operator()(task where, const Tuple& t) {
            return std::apply(
                [&](const auto&... part) -> decltype(auto) { return std::invoke(*f, where, part...); }, t);
        }
    };
    [[nodiscard]] callable& get() {
        callable_.f = std::addressof(function_.get());
        return callable_;
    }

  private:
    function_copy<F> function_;
    callable callable_{nullptr};
};
template <typename F>
inline constexpr bool has_own_shipping<spread<F>> = true;
template <typename F>
inline constexpr bool outlives_calls<spread<F>> = outlives_calls<F>;

/// Both sides of one call: the root's job where this rank is the root, otherwise what serves it.
template <typename Slots, typename Served, typename F, typename... Args>
class map_call {
  public:
    using root_type = root_call<F, Slots, Args...>;

    map_call(MPI_Comm comm, int root_rank, std::uint64_t what) : call(comm, root_rank, what) {}

    /// `prepare(root job)` makes the place for results on the root.
    template <typename Prepare>
    void run(const options& o, bool return_failures, const F& f, const Prepare& prepare, Args&... args) {
        const place where{call.rank(), call.size()};
        if (!call.is_root()) {
            Served served(where);
            call.serve(served);
            return;
        }
        call.run(o, return_failures, [&]() -> root_job& {
            root.emplace(where, o, f, args...);
            prepare(*root);
            return *root;
        });
    }

    /// With results::everywhere, sends the root's `value` to every rank.
    template <typename T>
    void share(T& value) {
        if (!call.results_everywhere())
            return;
        call.share([&value](writer& out) { write_value(out, value); },
                   [&value](reader& in) { read_value(in, value); });
    }

    collective_call call;
    std::optional<root_type> root;
};

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

template <typename F, typename... Args>
auto map_all(MPI_Comm comm, const options& o, const F& f, Args&... args) {
    if constexpr (explain<find_problem<true, F, Args...>()>()) {
        using R = result_of<callable_of<F>, element_t<Args>...>;
        map_call<slots_for<R>, served_call<F, kept_results<R>, Args...>, F, Args...> m(
            comm, o.root, signature<call_kind::map, F, R, element_t<Args>...>());
        std::vector<R> all;
        m.run(
            o, false, f,
            [&all](auto& root) {
                root.make_slots(root.items());
                // Before the verdict, so that all ranks hear of it if there is no memory.
                root.on_finish([&](failures&) { all = root.slots().take_all(); });
            },
            args...);
        m.share(all);
        return all;
    } else {
        return explained{};
    }
}

template <typename F, typename Tuples>
auto starmap_all(MPI_Comm comm, const options& o, const F& f, Tuples& tuples) {
    if constexpr (explain<function_problem<F>()>()) {
        const spread<F> g{std::addressof(f)};
        return map_all<spread<F>>(comm, o, g, tuples);
    } else {
        return explained{};
    }
}

template <typename F, typename... Args>
auto try_map_all(MPI_Comm comm, const options& o, const F& f, Args&... args) {
    if constexpr (explain<find_problem<true, F, Args...>()>()) {
        using R = result_of<callable_of<F>, element_t<Args>...>;
        map_call<slots_for<R>, served_call<F, kept_results<R>, Args...>, F, Args...> m(
            comm, o.root, signature<call_kind::try_map, F, R, element_t<Args>...>());
        std::vector<expected<R, task_error>> all;
        m.run(
            o, true, f,
            [&all](auto& root) {
                root.make_slots(root.items());
                root.on_finish([&](failures& failed) {
                    all.reserve(root.items());
                    auto next = failed.begin();
                    for (std::size_t i = 0; i < root.items(); ++i) {
                        if (next != failed.end() && next->index == i) {
                            all.emplace_back(tl::unexpect, task_error(std::move(*next++)));
                            continue;
                        }
                        try {
                            all.emplace_back(root.slots().take(i));
                        } catch (...) {
                            all.emplace_back(tl::unexpect, task_error(current_failure(i, root.rank())));
                        }
                    }
                });
            },
            args...);
        m.share(all);
        return all;
    } else {
        return explained{};
    }
}

template <typename F, typename... Args>
void for_each_item(MPI_Comm comm, const options& o, const F& f, Args&... args) {
    if constexpr (explain<find_problem<false, F, Args...>()>()) {
        map_call<no_slots, served_call<F, no_results, Args...>, F, Args...> m(
            comm, o.root, signature<call_kind::for_each, F, element_t<Args>...>());
        m.run(
            o, false, f,
            [&o](auto& root) {
                check_no_results(o);
                root.make_slots(root.items());
            },
            args...);
    }
}

template <typename Out, typename F, typename... Args>
void map_all_into(MPI_Comm comm, const options& o, const F& f, Out& out, Args&... args) {
    if constexpr (explain<find_output_problem<Out, F, Args...>()>()) {
        using R = result_of<callable_of<F>, element_t<Args>...>;
        constexpr bool direct = is_bytes<R> && std::is_same_v<std::ranges::range_value_t<Out>, R> &&
                                std::ranges::contiguous_range<Out> && std::ranges::sized_range<Out>;
        map_call<slots_for<R>, served_call<F, kept_results<R>, Args...>, F, Args...> m(
            comm, o.root, signature<call_kind::into, F, R, element_t<Args>...>());
        m.run(
            o, false, f,
            [&](auto& root) {
                check_output(static_cast<std::size_t>(std::ranges::distance(out)), root.items(), o);
                if constexpr (direct) {
                    root.make_slots(std::ranges::data(out), root.items());
                } else {
                    root.make_slots(root.items());
                    root.on_finish([&root, &out](failures& failed) {
                        if (root.items() == 0)
                            return;
                        auto at = std::ranges::begin(out);
                        for (std::size_t i = 0; i < root.items(); ++i) {
                            try {
                                if (i != 0)
                                    ++at;
                                *at = static_cast<std::ranges::range_value_t<Out>>(root.slots().take(i));
                            } catch (...) {
                                failed.push_back(current_failure(i, root.rank()));
                                return;
                            }
                        }
                    });
                }
            },
            args...);
    }
}

template <typename T, typename Op, typename F, typename... Args>
consteval problem find_reduction_problem() {
    constexpr problem mapping = find_problem<true, F, Args...>();
    constexpr problem operation = function_problem<Op>();
    if constexpr (mapping != problem::none && mapping != problem::M08 && mapping != problem::M09) {
        return mapping;
    } else if constexpr (operation != problem::none) {
        return operation;
    } else if constexpr (!std::is_invocable_r_v<T, callable_of<Op>&, T, T> ||
                         !std::is_convertible_v<result_of<callable_of<F>, element_t<Args>...>, T>) {
        return problem::M13;
    } else {
        return value_problem<T>(problem::M08, problem::M09);
    }
}

template <typename T, typename Op, typename F, typename... Args>
T map_reduce_all(MPI_Comm comm, const options& o, const Op& op, T init, const F& f, Args&... args) {
    using both = mapped_reduction<F, Op>;
    constexpr problem found = find_reduction_problem<T, Op, F, Args...>();
    if constexpr (explain<found>()) {
        using tree = reduction_tree<T, function_copy<both>>;
        map_call<tree, served_reduction<T, F, Op, Args...>, both, Args...> m(
            comm, o.root, signature<call_kind::reduce, F, Op, T, element_t<Args>...>());
        std::optional<T> value;
        const both function{std::addressof(f), std::addressof(op)};
        m.run(
            o, false, function,
            [&](auto& root) {
                root.make_slots(root.items(), root.function());
                root.on_finish([&](failures&) {
                    std::optional<T>& all = root.slots().value();
                    value.emplace(all ? static_cast<T>(std::invoke(root.function()->operation(),
                                                                   std::move(init), std::move(*all)))
                                      : init);
                });
            },
            args...);
        if (m.root)
            init = std::move(*value);
        m.share(init);
    }
    return init;
}

} // namespace detail

/// Maps `f` over zipped ranges on all ranks of `comm` and returns the results in input order. Collective.
///
/// The arguments are forward ranges, `broadcast(x)` or `indices(...)`; the root's count, other ranks may pass
/// empty ranges. Item i is `f(x[i], y[i], ...)`, called with `const T&`, on whichever rank the schedule gives
/// it; every rank, the root too, runs a copy of the root's `f` that is made once per call. `f` may take a
/// `mpimap::task` first.
///
/// Sent: one all-reduce of 32 bytes that checks that all ranks are in the same call; by broadcast the
/// function's state and the constants, once; point to point the argument tuples of other ranks' items and
/// their results. Contiguous ranges of plain types are sent from, and such results received into, the memory
/// where they are.
///
/// Returns on the root a vector of the decayed results, one per item; elsewhere an empty one, or the same
/// with `results::everywhere`.
///
/// Throws on every rank: `map_error` if items failed, `invalid_argument` if the arguments make no sense,
/// `mismatched_call` if other ranks called something else; `nested_call` where an item calls back.
///
///     auto e = mpimap::mpi_map(world, mpimap::bind_front<&model::energy>(m), xs, ys);
///
/// Source: `pathos`' pool.map; MPI 3.1, chapters 3 (point to point) and 5 (collective communication).
template <typename F, typename... Args>
[[nodiscard]] auto mpi_map(MPI_Comm comm, const options& o, F&& f, Args&&... args) {
    return detail::map_all<detail::shipped<F>>(comm, o, detail::as_function(f), args...);
}

/// The same with default options.
template <typename F, typename... Args>
    requires detail::not_options<F>
[[nodiscard]] auto mpi_map(MPI_Comm comm, F&& f, Args&&... args) {
    return detail::map_all<detail::shipped<F>>(comm, options{}, detail::as_function(f), args...);
}

/// `mpi_map` over one range of tuples (`std::tuple`, `std::pair`, `std::array`), each spread over `f`'s
/// parameters.
///
///     std::vector<std::tuple<double, int>> jobs = ...;
///     auto r = mpimap::mpi_starmap(world, [](double x, int n) { return std::pow(x, n); }, jobs);
template <typename F, typename Tuples>
[[nodiscard]] auto mpi_starmap(MPI_Comm comm, const options& o, F&& f, Tuples&& tuples) {
    return detail::starmap_all<detail::shipped<F>>(comm, o, detail::as_function(f), tuples);
}

template <typename F, typename Tuples>
    requires detail::not_options<F>
[[nodiscard]] auto mpi_starmap(MPI_Comm comm, F&& f, Tuples&& tuples) {
    return detail::starmap_all<detail::shipped<F>>(comm, options{}, detail::as_function(f), tuples);
}

/// `mpi_map` whose results go into the root's range `out`, which must have room for all of them; nothing is
/// allocated for them there when `out` is contiguous memory of the result's type and that travels as bytes.
///
/// Other ranks may pass an empty range. If items fail, what is in `out` is unspecified. What assigning to
/// `out` throws is a `map_error` on every rank. `results::everywhere` is an `invalid_argument`.
///
///     mpimap::mpi_map_into(world, f, image, rows);
template <typename F, typename Out, typename... Args>
void mpi_map_into(MPI_Comm comm, const options& o, F&& f, Out&& out, Args&&... args) {
    detail::map_all_into<std::remove_reference_t<Out>, detail::shipped<F>>(comm, o, detail::as_function(f),
                                                                           out, args...);
}

template <typename F, typename Out, typename... Args>
    requires detail::not_options<F>
void mpi_map_into(MPI_Comm comm, F&& f, Out&& out, Args&&... args) {
    detail::map_all_into<std::remove_reference_t<Out>, detail::shipped<F>>(
        comm, options{}, detail::as_function(f), out, args...);
}

/// `mpi_map` without results: `f` is called for its effects (files written, data sent elsewhere) and what it
/// returns is dropped. Returns when all items have run.
///
///     mpimap::mpi_for_each(world, [](int tile) { render(tile).save(tile); }, tiles);
template <typename F, typename... Args>
void mpi_for_each(MPI_Comm comm, const options& o, F&& f, Args&&... args) {
    detail::for_each_item<detail::shipped<F>>(comm, o, detail::as_function(f), args...);
}

template <typename F, typename... Args>
    requires detail::not_options<F>
void mpi_for_each(MPI_Comm comm, F&& f, Args&&... args) {
    detail::for_each_item<detail::shipped<F>>(comm, options{}, detail::as_function(f), args...);
}

/// `mpi_map` that runs every item and gives for each its result or its error: `std::vector<expected<R,
/// task_error>>`.
///
/// Throws `map_error` only for failures that are no item's, such as a function that cannot be decoded.
///
///     for (auto& r : mpimap::mpi_try_map(world, fit, sets)) r ? use(*r) : report(r.error());
template <typename F, typename... Args>
[[nodiscard]] auto mpi_try_map(MPI_Comm comm, const options& o, F&& f, Args&&... args) {
    return detail::try_map_all<detail::shipped<F>>(comm, o, detail::as_function(f), args...);
}

template <typename F, typename... Args>
    requires detail::not_options<F>
[[nodiscard]] auto mpi_try_map(MPI_Comm comm, F&& f, Args&&... args) {
    return detail::try_map_all<detail::shipped<F>>(comm, options{}, detail::as_function(f), args...);
}

/// Folds the results of `f` with the associative `op`, where the items run: `op(init, f(0) op f(1) op ...)`.
///
/// Blocks of 256 consecutive results are folded left to right, the blocks combined in a binary tree over the
/// index: the same bits for any number of ranks and any schedule, though `op` be floating-point addition. `T`
/// is the type of `init`; results convert to it. `op` must be associative, need not commute, and is shipped
/// like `f`. A chunk sends back a few values, not one per item.
///
/// Returns on the root the fold (`init` without items); elsewhere the `init` given there, or the fold with
/// `results::everywhere`.
///
///     double sum = mpimap::mpi_map_reduce(world, std::plus<>{}, 0.0, f, xs);
///
/// Source: the fixed combination tree is that of reproducible summation, e.g. Demmel & Nguyen 2013,
/// section 1.
template <typename Op, typename T, typename F, typename... Args>
[[nodiscard]] T mpi_map_reduce(MPI_Comm comm, const options& o, Op&& op, T init, F&& f, Args&&... args) {
    return detail::map_reduce_all<T, detail::shipped<Op>, detail::shipped<F>>(
        comm, o, detail::as_function(op), std::move(init), detail::as_function(f), args...);
}

template <typename Op, typename T, typename F, typename... Args>
    requires detail::not_options<Op>
[[nodiscard]] T mpi_map_reduce(MPI_Comm comm, Op&& op, T init, F&& f, Args&&... args) {
    return detail::map_reduce_all<T, detail::shipped<Op>, detail::shipped<F>>(
        comm, options{}, detail::as_function(op), std::move(init), detail::as_function(f), args...);
}

} // namespace mpimap
