#pragma once

// The root alone runs the program and calls the pool whenever it has work; the other ranks serve.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <mpi.h>

#include <mpimap/detail/calls.hpp>
#include <mpimap/detail/examine_call.hpp>
#include <mpimap/detail/examine_value.hpp>
#include <mpimap/detail/explain.hpp>
#include <mpimap/detail/lazy_map.hpp>
#include <mpimap/detail/lazy_order.hpp>
#include <mpimap/detail/map_in_flight.hpp>
#include <mpimap/detail/operations.hpp>
#include <mpimap/detail/pool_core.hpp>
#include <mpimap/detail/pool_runner.hpp>
#include <mpimap/detail/submissions.hpp>
#include <mpimap/errors.hpp>
#include <mpimap/function.hpp>
#include <mpimap/future.hpp>
#include <mpimap/lazy_results.hpp>
#include <mpimap/options.hpp>
#include <mpimap/pool_options.hpp>
#include <mpimap/shared.hpp>
#include <mpimap/spawn.hpp>

namespace mpimap {

/// What pool::finish passes to the function, once on each rank: an overload of `operator()` tells it from an
/// item.
struct finishing {};

namespace detail {

class spawned_ranks;
/// They end, if the pool has been closed or abandoned.
void let_go(spawned_ranks& ranks) noexcept;

} // namespace detail

/// The ranks of a communicator as one pool of workers, for a program that runs on the root alone. Collective
/// construction; after that the root alone calls.
///
/// On the root a usable pool; on all other ranks the constructor serves until the root closes the pool or
/// leaves its scope, then they go on behind it:
///
///     mpimap::pool pool(world);
///     if (!pool) return 0; // a rank that has served
///     auto e = pool.map(f, xs, ys);
///
/// Calls take the same arguments and options as the collective ones (`mpi_map` ...), except `root` and
/// `results`, and throw on the root only; the pool is usable after it, unless it is broken_pool. One rank is
/// a serial run. For the one thread that made it, futures and ranges included.
///
/// Calls move on while the root is in a function of the pool, of one of its futures or of a range from `imap`
/// or `uimap`. While it waits in one it runs items of any call in flight, the oldest first
/// (pool_options::root_computes). Between such functions calls go on where MPI gives MPI_THREAD_MULTIPLE: a
/// thread of the pool takes in results and hands out chunks, as far as that runs no code of the user's. With
/// less the other ranks finish what they have been handed, about a millisecond of work or two chunks each,
/// and wait; see poll().
///
/// Functions and constants are sent to a rank ahead of its first items, point to point, and kept there: what
/// has the same content is not sent again. To know that, the root encodes and hashes them in each call, about
/// as fast as it could copy them; see `share`. A constant is decoded once per rank, a function's state once
/// per rank and call. What `per_rank` makes lives on a rank as long as its factory is kept there.
///
/// A call on the communicator that is not the pool's own throws nested_call until the pool is closed; so does
/// an item that calls the pool. Calls on a rank that is not the root, or behind close(), throw
/// invalid_argument.
///
/// Source: `pathos.pools`, `mpi4py.futures.MPICommExecutor`; MPI 3.1, chapter 3.
class pool {
  public:
    /// Collective over `comm`, an `MPI_Comm` or `boost::mpi::communicator`. Sent: an all-reduce of 72 bytes
    /// and one of 4 behind the set-up, the first time also a duplication of `comm`.
    ///
    /// Throws on every rank invalid_argument (no such root) or mismatched_call (ranks call something else
    /// or run different programs); nested_call on a rank that is inside of another pool or call on `comm`.
    explicit pool(MPI_Comm comm, pool_options o = {});
    /// A pool of its own ranks, in a program that was started by hand, without mpirun or srun. Starts the
    /// same program with the same arguments, in the directory where it was started, once for each rank but
    /// the root. Those run `main` up to the first pool of this kind, whatever its number, serve in its
    /// constructor, finalise MPI and exit with code 0 there: nothing of `main` behind it runs on them. The
    /// next pool of this kind starts others. Standard input is the root's alone.
    ///
    ///     mpimap::pool pool(mpimap::spawn{4}); // this process and three more; one: a serial run
    ///
    /// MPIMAP_RANKS in the environment overrides the number, which may exceed that of the cores. Where one of
    /// these processes ends before the pool has let it go, by a crash or at the end of its `main`, the
    /// program ends with a text and code 1, as mpirun would end it; where this one ends, so do they.
    /// close() waits until the others are gone. So does leaving the scope by an exception, but only two
    /// seconds for an item that runs; its rank ends in a later call of the library or in MPI_Finalize.
    ///
    /// Throws invalid_argument if the number or MPIMAP_RANKS makes no sense, `root` is not 0, MPI is not
    /// initialised, or the program was started by mpirun or srun: there the ranks are those of the world.
    /// Throws mpi_error where MPI cannot spawn, nested_call inside of an item on a spawned rank.
    ///
    /// Source: `pathos.pools` (`nodes`); MPI 3.1, chapter 10.
    explicit pool(spawn ranks, pool_options o = {});
    ~pool();
    pool(const pool&) = delete;
    pool& operator=(const pool&) = delete;

    /// Whether calls can be made: on the root, until it is closed.
    [[nodiscard]] explicit operator bool() const noexcept { return core_->is_root() && core_->is_open(); }
    [[nodiscard]] int rank() const noexcept { return core_->rank(); }
    [[nodiscard]] int size() const noexcept { return core_->size(); }

    /// Runs all calls in flight to their end, also those whose futures nobody has asked, and lets the other
    /// ranks go. Calls after that throw invalid_argument; futures keep their values. On the other ranks, and
    /// the second time, nothing.
    ///
    /// Leaving the scope closes, too. Leaving it by an exception does not wait: ranks that run an item finish
    /// it, what has not started is not run, and futures throw `cancelled`.
    void close();

    // ------------------------------------------------------------ whole maps; the root waits

    /// As `mpi_map`: a vector of the results, in input order. The root waits and runs items itself.
    ///
    /// Throws map_error, `cancelled` (options::stop), invalid_argument, broken_pool; the pool is usable after
    /// the first three. The first two say which items were done; the results are lost.
    ///
    ///     auto e = pool.map(mpimap::bind_front<&model::energy>(m), xs, ys);
    template <typename F, typename... Args>
    [[nodiscard]] auto map(const options& o, F&& f, Args&&... args) {
        return detail::call_map<detail::shipped<F>>(detail::pool_runner{*core_, o}, detail::as_function(f),
                                                    args...);
    }
    template <typename F, typename... Args>
        requires detail::not_options<F>
    [[nodiscard]] auto map(F&& f, Args&&... args) {
        return detail::call_map<detail::shipped<F>>(detail::pool_runner{*core_, options{}},
                                                    detail::as_function(f), args...);
    }

    /// As `mpi_starmap`: one range of tuples.
    ///
    ///     auto r = pool.starmap(add, std::vector<std::tuple<double, double>>{{1, 2}, {3, 4}});
    template <typename F, typename Tuples>
    [[nodiscard]] auto starmap(const options& o, F&& f, Tuples&& tuples) {
        return detail::call_starmap<detail::shipped<F>>(detail::pool_runner{*core_, o},
                                                        detail::as_function(f), tuples);
    }
    template <typename F, typename Tuples>
        requires detail::not_options<F>
    [[nodiscard]] auto starmap(F&& f, Tuples&& tuples) {
        return detail::call_starmap<detail::shipped<F>>(detail::pool_runner{*core_, options{}},
                                                        detail::as_function(f), tuples);
    }

    /// As `mpi_map_into`: results go into the range `out`, which has those that are done, and no others,
    /// where it throws map_error or `cancelled`.
    ///
    ///     pool.map_into(f, image, rows);
    template <typename F, typename Out, typename... Args>
    void map_into(const options& o, F&& f, Out&& out, Args&&... args) {
        detail::call_map_into<std::remove_reference_t<Out>, detail::shipped<F>>(
            detail::pool_runner{*core_, o}, detail::as_function(f), out, args...);
    }
    template <typename F, typename Out, typename... Args>
        requires detail::not_options<F>
    void map_into(F&& f, Out&& out, Args&&... args) {
        detail::call_map_into<std::remove_reference_t<Out>, detail::shipped<F>>(
            detail::pool_runner{*core_, options{}}, detail::as_function(f), out, args...);
    }

    /// As `mpi_for_each`: no results. Returns when all items have run.
    ///
    ///     pool.for_each(render, tiles);
    template <typename F, typename... Args>
    void for_each(const options& o, F&& f, Args&&... args) {
        detail::call_for_each<detail::shipped<F>>(detail::pool_runner{*core_, o}, detail::as_function(f),
                                                  args...);
    }
    template <typename F, typename... Args>
        requires detail::not_options<F>
    void for_each(F&& f, Args&&... args) {
        detail::call_for_each<detail::shipped<F>>(detail::pool_runner{*core_, options{}},
                                                  detail::as_function(f), args...);
    }

    /// As `mpi_try_map`: every item's result or error. Returns after a stop, too.
    ///
    ///     for (auto& r : pool.try_map(fit, sets)) r ? use(*r) : report(r.error());
    template <typename F, typename... Args>
    [[nodiscard]] auto try_map(const options& o, F&& f, Args&&... args) {
        return detail::call_try_map<detail::shipped<F>>(detail::pool_runner{*core_, o},
                                                        detail::as_function(f), args...);
    }
    template <typename F, typename... Args>
        requires detail::not_options<F>
    [[nodiscard]] auto try_map(F&& f, Args&&... args) {
        return detail::call_try_map<detail::shipped<F>>(detail::pool_runner{*core_, options{}},
                                                        detail::as_function(f), args...);
    }

    /// As `mpi_map_reduce`: the fold of the results, the same bits for any number of ranks.
    ///
    ///     double sum = pool.map_reduce(std::plus<>{}, 0.0, f, xs);
    template <typename Op, typename T, typename F, typename... Args>
    [[nodiscard]] auto map_reduce(const options& o, Op&& op, T init, F&& f, Args&&... args) {
        return detail::call_map_reduce<T, detail::shipped<Op>, detail::shipped<F>>(
            detail::pool_runner{*core_, o}, detail::as_function(op), std::move(init), detail::as_function(f),
            args...);
    }
    template <typename Op, typename T, typename F, typename... Args>
        requires detail::not_options<Op>
    [[nodiscard]] auto map_reduce(Op&& op, T init, F&& f, Args&&... args) {
        return detail::call_map_reduce<T, detail::shipped<Op>, detail::shipped<F>>(
            detail::pool_runner{*core_, options{}}, detail::as_function(op), std::move(init),
            detail::as_function(f), args...);
    }

    // ------------------------------------------------------------ lazy maps

    /// The results in the order of their items, as an input range that computes a window of items ahead of
    /// whoever reads it: memory stays bounded however long the input is (pool_options::window).
    ///
    /// Arguments may be single-pass input ranges, and `indices()` without an end. The root reads them, from
    /// the first step of the loop on; where that takes long it reads no further than to 16 items per rank, or
    /// for 10 ms, before it looks for the first result, and results that are there come before further reads.
    /// An argument is let go of when its result has come. Lvalue ranges are referred to and must outlive the
    /// view, rvalues are taken over. Ending the loop early cancels what has not started, and waits for
    /// nothing. One copy of `f` per rank serves the whole loop.
    ///
    /// An item that failed throws map_error in its place and ends the range; with on_error::collect the good
    /// results come first and one map_error at the end. What reading the input throws, and a difference in
    /// length that shows only there, is told as the failure of the item that it was read for, behind the
    /// results of those before. options::stop: no more is read or started, and `cancelled` comes behind the
    /// results without a gap. done() and completed() of both exceptions say which items' results the loop was
    /// given. Schedules: automatic, or dynamic with a chunk; no costs.
    ///
    ///     for (double z : pool.imap(f, std::views::istream<double>(file))) std::cout << z << '\n';
    template <typename F, typename... Args>
    [[nodiscard]] auto imap(const options& o, F&& f, Args&&... args) {
        return lazy<detail::next_in_order, detail::shipped<F>>(o, std::forward<F>(f),
                                                               std::forward<Args>(args)...);
    }
    template <typename F, typename... Args>
        requires detail::not_options<F>
    [[nodiscard]] auto imap(F&& f, Args&&... args) {
        return lazy<detail::next_in_order, detail::shipped<F>>(options{}, std::forward<F>(f),
                                                               std::forward<Args>(args)...);
    }

    /// The same as they are completed, each with the index of its item.
    ///
    /// Memory does not grow while one item takes long. After a failure, or a stop, what is under way ends and
    /// is given, then the exception comes.
    ///
    ///     for (auto& [i, z] : pool.uimap(search, mpimap::indices()))
    ///         if (z.found) break;
    template <typename F, typename... Args>
    [[nodiscard]] auto uimap(const options& o, F&& f, Args&&... args) {
        return lazy<detail::next_completed, detail::shipped<F>>(o, std::forward<F>(f),
                                                                std::forward<Args>(args)...);
    }
    template <typename F, typename... Args>
        requires detail::not_options<F>
    [[nodiscard]] auto uimap(F&& f, Args&&... args) {
        return lazy<detail::next_completed, detail::shipped<F>>(options{}, std::forward<F>(f),
                                                                std::forward<Args>(args)...);
    }

    /// As imap, but an item that fails costs one result: elements are `expected<R, task_error>`, in the order
    /// of the items. `f` may return nothing.
    ///
    /// What reading the input throws is the last element. After options::stop the items that were read and
    /// not run have an error, whose kind() says so, and the range ends without an exception; more input is
    /// not read. What concerns the call as a whole is thrown, behind the results that there are: map_error
    /// where a rank cannot read the function, broken_pool, `cancelled` if the pool was closed before the end
    /// of the input. options::on_error means nothing here.
    ///
    ///     for (auto& r : pool.try_imap(fit, sets)) r ? use(*r) : report(r.error());
    template <typename F, typename... Args>
    [[nodiscard]] auto try_imap(const options& o, F&& f, Args&&... args) {
        return lazy<detail::next_tried_in_order, detail::shipped<F>, true>(o, std::forward<F>(f),
                                                                           std::forward<Args>(args)...);
    }
    template <typename F, typename... Args>
        requires detail::not_options<F>
    [[nodiscard]] auto try_imap(F&& f, Args&&... args) {
        return lazy<detail::next_tried_in_order, detail::shipped<F>, true>(options{}, std::forward<F>(f),
                                                                           std::forward<Args>(args)...);
    }

    /// The same as they are completed, each with the index of its item: a failure is told when the item
    /// fails.
    ///
    ///     for (auto& [i, r] : pool.try_uimap(fit, sets)) r ? use(i, *r) : report(r.error());
    template <typename F, typename... Args>
    [[nodiscard]] auto try_uimap(const options& o, F&& f, Args&&... args) {
        return lazy<detail::next_tried_completed, detail::shipped<F>, true>(o, std::forward<F>(f),
                                                                            std::forward<Args>(args)...);
    }
    template <typename F, typename... Args>
        requires detail::not_options<F>
    [[nodiscard]] auto try_uimap(F&& f, Args&&... args) {
        return lazy<detail::next_tried_completed, detail::shipped<F>, true>(options{}, std::forward<F>(f),
                                                                            std::forward<Args>(args)...);
    }

    // ------------------------------------------------------------ asynchronous calls

    /// `map` without waiting: a future of the vector. Lvalue ranges and broadcast values are referred to,
    /// must outlive the future and not change; rvalues are taken over. Several calls may be in flight.
    ///
    /// Runs no items on the root. At MPI_THREAD_MULTIPLE what it refers to may be read at any time, with less
    /// only in the functions that the class names. Throws invalid_argument and broken_pool at once, and
    /// map_error where the function or a constant cannot be encoded; get() throws the rest, as map().
    ///
    ///     auto later = pool.amap(f, xs);
    template <typename F, typename... Args>
    [[nodiscard]] auto amap(const options& o, F&& f, Args&&... args) {
        return amap_as<detail::shipped<F>>(o, std::forward<F>(f), std::forward<Args>(args)...);
    }
    template <typename F, typename... Args>
        requires detail::not_options<F>
    [[nodiscard]] auto amap(F&& f, Args&&... args) {
        return amap_as<detail::shipped<F>>(options{}, std::forward<F>(f), std::forward<Args>(args)...);
    }

    /// One call `f(args...)`; arguments are copied, or moved. A future of the result, which may be void.
    ///
    /// Runs no items on the root. Calls of the same function with the same state are one call in flight that
    /// grows; to find it `f` is encoded each time, bound objects included. Each item runs with a state of `f`
    /// of its own, except what per_rank makes. There is no bound on how many may wait; an argument is kept
    /// until its result has come, a result until it is taken or its future let go.
    ///
    ///     mpimap::future<double> one = pool.submit(add, 1.0, 2.0);
    template <typename F, typename... Args>
    [[nodiscard]] auto submit(F&& f, Args&&... args) {
        return submit_as<detail::shipped<F>>(std::forward<F>(f), std::forward<Args>(args)...);
    }

    /// Moves calls in flight on, as every other function of the pool does: takes in results that have come
    /// and hands out further chunks. Never waits. For programs that compute something of their own between
    /// `submit` or `amap` and `get` where MPI gives less than MPI_THREAD_MULTIPLE, or where encoding
    /// arguments runs code of the user's: call it about every millisecond, since other ranks have no more
    /// than about that, or two items, in hand. Otherwise calls go on without it.
    ///
    /// Runs no items on the root but those that no other rank can run (with one rank all; the root's part of
    /// a schedule::static_; with options::attempts those that have failed everywhere else), and of these one,
    /// or as many as take a tenth of a millisecond, so that a loop that only asks ends. What an item throws
    /// is told by its future, never here. Throws invalid_argument where the pool is closed, or off the root,
    /// nested_call in an item, broken_pool.
    ///
    ///     auto later = pool.amap(f, xs);
    ///     while (!later.ready()) compute_a_little(); // ready() polls, too
    void poll() {
        core_->check_usable();
        core_->poll();
    }

    // ------------------------------------------------------------ data and set-up

    /// Sends a value to every rank, to stay there while the handle lives. Calls with the handle neither
    /// encode nor hash nor send it.
    ///
    /// The root copies the value, or moves it, and encodes it once; sent point to point in the background of
    /// this and later functions of the pool, by the root to each rank that is busy and to log2 of the number
    /// of the others, which pass it on.
    ///
    ///     const auto table = pool.share(read_table());
    ///     auto e = pool.map(f, table, xs);
    template <typename T>
    [[nodiscard]] auto share(T&& value) {
        using type = std::remove_cvref_t<T>;
        if constexpr (detail::explain(
                          detail::examine_value<detail::for_elements, type, detail::at::argument<1>>())) {
            core_->check_usable();
            const auto copy = std::make_shared<const type>(std::forward<T>(value));
            std::shared_ptr<void> stored = core_->store([&copy](detail::writer& out) {
                out.new_archive();
                detail::refuse_hidden_pointers(*copy, "a shared value");
                detail::write_value<type>(out, *copy);
            });
            return shared<type>(copy, std::move(stored));
        } else {
            return detail::explained{};
        }
    }

    /// Runs all calls in flight to their end, calls `f(mpimap::finishing{})` once on each rank, the root too,
    /// and closes the pool: what each gave, by rank.
    ///
    /// With the `per_rank(...)` of earlier calls it is the object made there that is called; a rank that has
    /// run no items makes it now. Nothing if `f` returns nothing. Throws map_error if `f` threw on some rank,
    /// and the pool stays open.
    ///
    ///     for (const std::string& report : pool.finish(solver)) std::cout << report << '\n';
    template <typename F>
    [[nodiscard]] auto finish(F&& f) {
        core_->check_usable();
        core_->wait_for_all();
        const std::vector<finishing> ranks(static_cast<std::size_t>(size()));
        const options one_each{.schedule = schedule::static_, .chunk = 1};
        if constexpr (detail::gives_nothing<detail::shipped<F>, finishing>) {
            for_each(one_each, std::forward<F>(f), ranks);
            close();
        } else {
            auto all = map(one_each, std::forward<F>(f), ranks);
            close();
            return all;
        }
    }

  private:
    pool(std::shared_ptr<detail::spawned_ranks> ranks, pool_options&& o);

    // F is what of the G that was passed is shipped, and kept with the call.
    template <template <typename, typename> typename Next, typename F, bool Tries = false, typename G,
              typename... Args>
    auto lazy(const options& o, G&& f, Args&&... args) {
        if constexpr (detail::with_grid<Args...>) {
            return detail::take_apart(
                [&](auto&&... a) {
                    return lazy<Next, F, Tries>(o, std::forward<G>(f), std::forward<decltype(a)>(a)...);
                },
                std::forward<Args>(args)...);
        } else if constexpr (detail::explain(detail::find_lazy_problem<Tries, F, G, Args...>())) {
            using R = detail::result_of<detail::callable_of<F>,
                                        detail::element_t<typename detail::source<Args>::column>...>;
            using map = detail::lazy_map<F, R, Args...>;
            core_->check_usable();
            detail::check_stream_options(o);
            using next = Next<map, R>;
            return lazy_results<next>(next(detail::begin_call(*core_, [&] {
                return std::make_unique<map>(core_, o, window_, F(std::forward<G>(f)),
                                             std::forward<Args>(args)...);
            })));
        } else {
            return detail::explained{};
        }
    }

    template <typename F, typename G, typename... Args>
    auto amap_as(const options& o, G&& f, Args&&... args) {
        if constexpr (detail::with_grid<Args...>) {
            return detail::take_apart(
                [&](auto&&... a) {
                    return amap_as<F>(o, std::forward<G>(f), std::forward<decltype(a)>(a)...);
                },
                std::forward<Args>(args)...);
        } else if constexpr (detail::explain(
                                 detail::find_kept_problem<F, G, std::remove_reference_t<Args>...>())) {
            using map = detail::map_in_flight<detail::map_operation, F, Args...>;
            const detail::in_pool here(*core_);
            core_->check_usable();
            detail::check_pool_options(o);
            std::shared_ptr<map> in_flight;
            std::unique_ptr<detail::pool_call> call;
            detail::begin_call(*core_, [&] {
                in_flight = std::make_shared<map>(detail::place{rank(), size()}, o, F(std::forward<G>(f)),
                                                  std::forward<Args>(args)...);
                detail::call_settings how;
                how.descriptor = &detail::descriptor_of<typename map::operation_type::served>;
                how.keep = in_flight;
                call = core_->start(in_flight->job(), o, how);
            });
            core_->nudge();
            return future<detail::map_result<map>>(
                std::make_shared<detail::promised_map<map>>(core_, std::move(in_flight), std::move(call)));
        } else {
            return detail::explained{};
        }
    }

    template <typename F, typename G, typename... Args>
    auto submit_as(G&& f, Args&&... args) {
        if constexpr (detail::explain(detail::find_submit_problem<F, G, std::decay_t<Args>...>())) {
            using R = detail::result_of<detail::callable_of<F>, std::decay_t<Args>...>;
            using all = detail::submissions_of<F, R, std::decay_t<Args>...>;
            const detail::in_pool here(*core_);
            core_->check_usable();
            std::shared_ptr<all> found;
            std::uint64_t number = 0;
            detail::begin_call(*core_, [&] {
                number = submitted_.next_number();
                detail::writer identity = detail::identity_of<F>(f);
                found = std::static_pointer_cast<all>(submitted_.find(all::kernel(), identity));
                if (!found) {
                    found = std::make_shared<all>(core_, F(std::forward<G>(f)), std::move(identity),
                                                  submitted_.key());
                    submitted_.add(found);
                }
            });
            return future<R>(found->add(number, std::forward<Args>(args)...));
        } else {
            return detail::explained{};
        }
    }

    std::shared_ptr<detail::spawned_ranks> ranks_; // have the communicator: go last
    std::shared_ptr<detail::pool_core> core_;
    std::size_t window_;
    int exceptions_; // in flight at construction
    detail::submitted_functions submitted_;
};

} // namespace mpimap
