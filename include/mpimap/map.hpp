#pragma once

// The collective calls: every rank of the communicator calls them, the root's arguments count.

#include <type_traits>
#include <utility>

#include <mpi.h>

#include <mpimap/detail/calls.hpp>
#include <mpimap/detail/collective_runner.hpp>
#include <mpimap/options.hpp>

namespace mpimap {

/// Maps `f` over zipped ranges on all ranks of `comm` and returns the results in input order. Collective.
///
/// The arguments are forward ranges, `broadcast(x)`, `indices(...)` or `grid(...)`; the root's count, other
/// ranks may pass empty ranges. Item i is `f(x[i], y[i], ...)`, called with `const T&`, on whichever rank the
/// schedule gives it; every rank, the root too, runs a copy of the root's `f` that is made once per call. `f`
/// may take a `mpimap::task` first.
///
/// Sent: one all-reduce of 72 bytes that checks that all ranks are in the same call; by broadcast the
/// function's state and the constants, once; point to point the argument tuples of other ranks' items and
/// their results. Contiguous ranges of plain types are sent from, and such results received into, the memory
/// where they are.
///
/// Returns on the root a vector of the decayed results, one per item; elsewhere an empty one, or the same
/// with `results::everywhere`.
///
/// Throws on every rank: `map_error` if items failed, `cancelled` if it was stopped (options::stop),
/// `invalid_argument` if the arguments make no sense, `mismatched_call` if other ranks called something else;
/// `nested_call` where an item calls back. The first two say which items were done, but the results are lost:
/// `mpi_try_map` and `mpi_map_into` keep them.
///
///     auto e = mpimap::mpi_map(world, mpimap::bind_front<&model::energy>(m), xs, ys);
///
/// Source: `pathos`' pool.map; MPI 3.1, chapters 3 (point to point) and 5 (collective communication).
template <typename F, typename... Args>
[[nodiscard]] auto mpi_map(MPI_Comm comm, const options& o, F&& f, Args&&... args) {
    return detail::call_map<detail::shipped<F>>(detail::collective_runner{comm, o}, detail::as_function(f),
                                                args...);
}

/// The same with default options.
template <typename F, typename... Args>
    requires detail::not_options<F>
[[nodiscard]] auto mpi_map(MPI_Comm comm, F&& f, Args&&... args) {
    return detail::call_map<detail::shipped<F>>(detail::collective_runner{comm, options{}},
                                                detail::as_function(f), args...);
}

/// `mpi_map` over one range of tuples (`std::tuple`, `std::pair`, `std::array`), each spread over `f`'s
/// parameters, or over a `grid(...)`.
///
///     std::vector<std::tuple<double, int>> jobs = ...;
///     auto r = mpimap::mpi_starmap(world, [](double x, int n) { return std::pow(x, n); }, jobs);
template <typename F, typename Tuples>
[[nodiscard]] auto mpi_starmap(MPI_Comm comm, const options& o, F&& f, Tuples&& tuples) {
    return detail::call_starmap<detail::shipped<F>>(detail::collective_runner{comm, o},
                                                    detail::as_function(f), tuples);
}

template <typename F, typename Tuples>
    requires detail::not_options<F>
[[nodiscard]] auto mpi_starmap(MPI_Comm comm, F&& f, Tuples&& tuples) {
    return detail::call_starmap<detail::shipped<F>>(detail::collective_runner{comm, options{}},
                                                    detail::as_function(f), tuples);
}

/// `mpi_map` whose results go into the root's range `out`, which must have room for all of them; nothing is
/// allocated for them there when `out` is contiguous memory of the result's type and that travels as bytes.
///
/// Other ranks may pass an empty range. If it throws `map_error` or `cancelled`, `out` has the results that
/// the exception's `completed()` names, and nothing else was written there. What assigning to `out` throws is
/// the failure of that item, a `map_error` on every rank; nothing is written behind it. `results::everywhere`
/// is an `invalid_argument`.
///
///     mpimap::mpi_map_into(world, f, image, rows);
template <typename F, typename Out, typename... Args>
void mpi_map_into(MPI_Comm comm, const options& o, F&& f, Out&& out, Args&&... args) {
    detail::call_map_into<std::remove_reference_t<Out>, detail::shipped<F>>(
        detail::collective_runner{comm, o}, detail::as_function(f), out, args...);
}

template <typename F, typename Out, typename... Args>
    requires detail::not_options<F>
void mpi_map_into(MPI_Comm comm, F&& f, Out&& out, Args&&... args) {
    detail::call_map_into<std::remove_reference_t<Out>, detail::shipped<F>>(
        detail::collective_runner{comm, options{}}, detail::as_function(f), out, args...);
}

/// `mpi_map` without results: `f` is called for its effects (files written, data sent elsewhere) and what it
/// returns is dropped. Returns when all items have run; `map_error` and `cancelled` say which have.
///
///     mpimap::mpi_for_each(world, [](int tile) { render(tile).save(tile); }, tiles);
template <typename F, typename... Args>
void mpi_for_each(MPI_Comm comm, const options& o, F&& f, Args&&... args) {
    detail::call_for_each<detail::shipped<F>>(detail::collective_runner{comm, o}, detail::as_function(f),
                                              args...);
}

template <typename F, typename... Args>
    requires detail::not_options<F>
void mpi_for_each(MPI_Comm comm, F&& f, Args&&... args) {
    detail::call_for_each<detail::shipped<F>>(detail::collective_runner{comm, options{}},
                                              detail::as_function(f), args...);
}

/// `mpi_map` that runs every item and gives for each its result or its error: `std::vector<expected<R,
/// task_error>>`.
///
/// After a stop (options::stop) it returns, too: items that were not run have an error whose kind() is
/// `failure_kind::not_run`, or `cancelled` where they had been handed out, with rank() -1 and type()
/// "mpimap::cancelled". Throws `map_error` only for failures that are no item's, such as a function that
/// cannot be decoded.
///
///     for (auto& r : mpimap::mpi_try_map(world, fit, sets)) r ? use(*r) : report(r.error());
template <typename F, typename... Args>
[[nodiscard]] auto mpi_try_map(MPI_Comm comm, const options& o, F&& f, Args&&... args) {
    return detail::call_try_map<detail::shipped<F>>(detail::collective_runner{comm, o},
                                                    detail::as_function(f), args...);
}

template <typename F, typename... Args>
    requires detail::not_options<F>
[[nodiscard]] auto mpi_try_map(MPI_Comm comm, F&& f, Args&&... args) {
    return detail::call_try_map<detail::shipped<F>>(detail::collective_runner{comm, options{}},
                                                    detail::as_function(f), args...);
}

/// Folds the results of `f` with the associative `op`, where the items run: `op(init, f(0) op f(1) op ...)`.
///
/// Blocks of 256 consecutive results are folded left to right, the blocks combined in a binary tree over the
/// index: the same bits for any number of ranks and any schedule, though `op` be floating-point addition. `T`
/// is the type of `init`; results convert to it. `op` must be associative, need not commute, and is shipped
/// like `f`. A chunk sends back a few values, not one per item.
///
/// Returns on the root the fold (`init` without items); elsewhere the `init` given there, or the fold with
/// `results::everywhere`. Throws as `mpi_map`: what was folded before a failure or a stop is lost.
///
///     double sum = mpimap::mpi_map_reduce(world, std::plus<>{}, 0.0, f, xs);
///
/// Source: the fixed combination tree is that of reproducible summation, e.g. Demmel & Nguyen 2013,
/// section 1.
template <typename Op, typename T, typename F, typename... Args>
[[nodiscard]] auto mpi_map_reduce(MPI_Comm comm, const options& o, Op&& op, T init, F&& f, Args&&... args) {
    return detail::call_map_reduce<T, detail::shipped<Op>, detail::shipped<F>>(
        detail::collective_runner{comm, o}, detail::as_function(op), std::move(init), detail::as_function(f),
        args...);
}

template <typename Op, typename T, typename F, typename... Args>
    requires detail::not_options<Op>
[[nodiscard]] auto mpi_map_reduce(MPI_Comm comm, Op&& op, T init, F&& f, Args&&... args) {
    return detail::call_map_reduce<T, detail::shipped<Op>, detail::shipped<F>>(
        detail::collective_runner{comm, options{}}, detail::as_function(op), std::move(init),
        detail::as_function(f), args...);
}

} // namespace mpimap
