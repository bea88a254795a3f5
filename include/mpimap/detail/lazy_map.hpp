#pragma once

// imap, uimap and those that try: a window of items between an input and whoever takes the results.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <mpimap/arguments.hpp>
#include <mpimap/detail/call_facts.hpp>
#include <mpimap/detail/call_ordinal.hpp>
#include <mpimap/detail/check_options.hpp>
#include <mpimap/detail/examine_call.hpp>
#include <mpimap/detail/index_set.hpp>
#include <mpimap/detail/lazy_source.hpp>
#include <mpimap/detail/pool_core.hpp>
#include <mpimap/detail/stream_call.hpp>
#include <mpimap/errors.hpp>
#include <mpimap/options.hpp>

namespace mpimap::detail {

/// The window: reads the input, hands out results, says why there are no more.
template <typename F, typename R, typename... Args>
class lazy_map {
    using clock = std::chrono::steady_clock;

  public:
    using stream = stream_call<F, R, typename source<Args>::column...>;
    using store = typename stream::store;
    using run = typename store::run;

    lazy_map(std::shared_ptr<pool_core> pool, const options& o, std::size_t window, F f, Args&&... args)
        : pool_(std::move(pool)), options_(o), window_(window),
          ranks_(static_cast<std::size_t>(pool_->size())), sources_(std::forward<Args>(args)...) {
        // Throws where sizes are known and differ; that there is an end is not asked for.
        const std::optional<std::size_t> size = known_size();
        const place where{pool_->rank(), pool_->size()};
        job_ = std::apply(
            [&](auto&... s) {
                return std::make_shared<stream>(where, std::move(f), false, s.make_column()...);
            },
            sources_);
        job_->expect(size);
        job_->set_facts(facts_of_call(o, next_call_ordinal(), pool_->rank()));
        if (window_ == 0)
            job_->weigh(most_bytes);
        call_settings how;
        how.descriptor = &descriptor_of<typename stream::served>;
        how.keep = job_;
        how.read_up_to = [this](std::size_t n) {
            while (items().end() < n && next_item()) {
            }
            return items().end();
        };
        call_ = pool_->start(*job_, options_, how);
    }

    [[nodiscard]] stream& job() { return *job_; }
    [[nodiscard]] store& items() { return job_->items_there(); }
    [[nodiscard]] item_state state(std::size_t i) const { return job_->items_there().state(i); }

    /// What a step begins with: the loop is in the pool until it gets its results.
    [[nodiscard]] in_pool step() const { return in_pool(*pool_); }
    /// Throws where none can be made now: on another thread, inside of an item.
    void check_step() const {
        pool_->check_thread();
        if (pool_->in_item()) {
            throw nested_call("mpimap: an item, or what encodes arguments, steps through a range of the pool "
                              "that is running it");
        }
    }

    // ------------------------------------------------------------ the input

    /// Reads on, unless there is enough. `ready`: whether there is something to be handed over.
    template <typename Ready>
    void read_ahead(const Ready& ready) {
        heed_the_end();
        if (weighs())
            call_->made_room();
        if (source_ended_ || ending_)
            return;
        const std::size_t window = item_window();
        std::size_t limit = window;
        const bool awaited = wants_input();
        if (first_) {
            // The first result is to come soon, whatever the input is like.
            if (there() != 0 && ready())
                return;
            limit = first_limit();
        }
        if (!awaited && (there() > limit / 2 || heavy(most_bytes / 2)))
            return;
        if (!total_)
            total_ = known_size().value_or(std::numeric_limits<std::size_t>::max());
        constexpr double slow = 500e-6;
        constexpr double long_without_a_look = 200e-6;
        constexpr double longest = 10e-3;
        const clock::time_point begin = clock::now();
        if (!begun_)
            begun_ = begin;
        note_pace(begin);
        clock::time_point last = begin;
        while (there() < limit && !heavy(most_bytes)) {
            if (read_time_ > slow && ready())
                return; // is not held up by a read
            const std::size_t fresh = read_some(std::min(quantum_, limit - there()));
            const clock::time_point now = clock::now();
            note_reads(fresh, std::chrono::duration<double>(now - last).count());
            last = now;
            if (source_ended_)
                return;
            if (std::chrono::duration<double>(now - looked_).count() > long_without_a_look)
                look(now);
            if (std::chrono::duration<double>(now - begin).count() > longest)
                return;
        }
    }
    /// Nothing has come that has not been taken, and nothing will.
    [[nodiscard]] bool exhausted() const { return over_ || ((source_ended_ || ending_) && there() == 0); }
    /// Nothing is under way, though there are items without results.
    [[nodiscard]] bool at_rest() { return there() != 0 && call_->done(); }

    // ------------------------------------------------------------ the results

    /// False if more input is wanted, or nothing is under way any more.
    template <typename Ready>
    bool wait(const Ready& ready) {
        if (ready()) {
            // The others go on while the loop takes what there is.
            constexpr std::chrono::microseconds long_without_a_look{100};
            const clock::time_point now = clock::now();
            if (now - looked_ > long_without_a_look)
                look(now);
            return true;
        }
        try {
            call_->wait([&] { return ready() || wants_input(); });
            if (!ready() && !call_->done() && !wants_input())
                call_->check();
        } catch (...) {
            over_ = true;
            throw;
        }
        looked_ = clock::now();
        return ready();
    }

    /// Those from item i on that are done, as many as lie next to each other; they count as taken.
    [[nodiscard]] run hand_over(std::size_t i) {
        run r = items().run_at(i, items().end() - i);
        r.count = store::count_of(r, item_state::done);
        give(i, r.count);
        return r;
    }
    /// Takes the value of item i, which is done.
    R take(std::size_t i) {
        first_ = false;
        ++taken_;
        if constexpr (std::is_void_v<R>) {
            items().take(i);
            given_.add(i, i + 1);
        } else {
            R value = items().take(i);
            given_.add(i, i + 1);
            return value;
        }
    }
    /// Why item i has none, which failed.
    [[nodiscard]] task_error take_failure(std::size_t i) {
        ++taken_;
        first_ = false;
        failure f = *job_->failed(i);
        f.index = i;
        job_->disown(i);
        return task_error(std::move(f));
    }
    /// The same for an item that was not run.
    [[nodiscard]] task_error take_gap(std::size_t i) {
        const failure* const known = job_->failed(i);
        if (known == nullptr || known->index != i) {
            ++taken_;
            job_->disown(i);
            failure f;
            f.index = i;
            f.rank = pool_->rank();
            f.type = "mpimap::cancelled";
            f.what = "the call was stopped before the item was run";
            f.outcome = failure_kind::not_run;
            return task_error(std::move(f));
        }
        return take_failure(i);
    }
    /// With on_error::collect the failure is told at the end; otherwise no more is started. Whether that is
    /// so.
    bool goes_on_behind(task_error e) {
        if (options_.on_error == on_error::collect) {
            failed_.push_back(std::move(e));
            return true;
        }
        if (!fatal_)
            fatal_ = std::move(e);
        end_early();
        return false;
    }
    /// In a catch block: the result of item i could not be handed over. Ends the range behind what was.
    void lose(std::size_t i) {
        if (!fatal_)
            fatal_ = task_error(current_failure(i, pool_->rank()));
        end_early();
    }

    // ------------------------------------------------------------ the end

    /// When all has been taken: throws what is left to be said.
    void end() {
        if (std::exchange(over_, true))
            return;
        if (fatal_ || (ending_ && !source_ended_))
            throw_why();
        if (source_error_)
            failed_.emplace_back(std::move(*std::exchange(source_error_, std::nullopt)));
        if (failed_.empty())
            return;
        throw error_of(std::exchange(failed_, {}), taken_);
    }
    /// There are items without results, and will be none.
    [[noreturn]] void throw_why() {
        over_ = true;
        if (fatal_)
            throw error_of({*fatal_}, taken_);
        if (job_->dead()) {
            failure f = *job_->dead();
            f.index = first_gap();
            throw error_of({task_error(std::move(f))}, taken_ + 1);
        }
        try {
            call_->check();
        } catch (const interrupted& e) {
            throw interrupted(e.what(), e.signal(), given());
        } catch (const cancelled& c) {
            throw cancelled(c.what(), given());
        }
        throw cancelled(pool_->is_open() ? "mpimap: the call was cancelled before all items had run"
                                         : "mpimap: the pool was closed before all items had run",
                        given());
    }
    /// For those that try: what the input threw, where nothing is left but that.
    [[nodiscard]] std::optional<task_error> take_source_error() {
        if (!source_error_)
            return std::nullopt;
        return task_error(std::move(*std::exchange(source_error_, std::nullopt)));
    }
    /// For those that try: whether it was asked to stop, and nothing worse has happened.
    [[nodiscard]] bool stopped() const {
        return (options_.stop.stop_requested() || interrupted_) && pool_->is_open() && !job_->dead();
    }
    void be_over() { over_ = true; }
    /// The same as end(): a stop is nothing to be thrown.
    void end_tried() {
        if (!std::exchange(over_, true) && ending_ && !source_ended_ && !stopped())
            throw_why();
    }
    /// Items without results.
    [[nodiscard]] std::vector<std::size_t> gaps() const {
        std::vector<std::size_t> all;
        std::size_t i = 0;
        const auto look_up_to = [&](std::size_t end) {
            for (; i < end; ++i) {
                if (is_waiting(state(i)))
                    all.push_back(i);
            }
        };
        for (const index_range& r : given_.ranges()) {
            look_up_to(r.first);
            i = r.last;
        }
        look_up_to(job_->items_there().end());
        return all;
    }
    [[nodiscard]] int rank() const { return pool_->rank(); }

  private:
    static constexpr double most_bytes = 64.0 * 1024 * 1024;
    static constexpr std::size_t least_most_items = 65536;
    static constexpr bool fixed_size = store::fixed_size;

    [[nodiscard]] std::size_t there() const { return job_->items_there().end() - taken_; }

    [[nodiscard]] std::size_t item_window() const {
        if (window_ != 0)
            return window_;
        const std::size_t most_items = most_items_;
        if constexpr (fixed_size) {
            const double n =
                most_bytes / static_cast<double>(std::max<std::size_t>(1, job_->bytes_per_item()));
            return std::clamp(n < static_cast<double>(most_items) ? static_cast<std::size_t>(n) : most_items,
                              2 * ranks_, std::max(most_items, 2 * ranks_));
        } else {
            const bool unknown = !job_->knows_results() && call_->bytes_per_item() == 0;
            return unknown ? 16 * ranks_ : std::max(most_items, 2 * ranks_);
        }
    }
    [[nodiscard]] bool weighs() const { return !fixed_size && window_ == 0; }
    /// What only code of the user's could tell is as large as what has travelled.
    [[nodiscard]] double bytes_there() const {
        if constexpr (fixed_size) {
            return 0;
        } else {
            return std::max(job_->bytes_there(job_->items_there().waiting()),
                            static_cast<double>(there()) * call_->bytes_per_item());
        }
    }
    /// What is still to come of an item that is being read.
    [[nodiscard]] double unknown_bytes_each() const {
        if constexpr (stream::knows_arguments) {
            return job_->bytes_there(1) - job_->bytes_there(0);
        } else {
            return call_->bytes_per_item();
        }
    }
    /// Whether one item more would be too much.
    [[nodiscard]] bool heavy(double most) const {
        const std::size_t n = there();
        if (!weighs() || n < 2 * ranks_)
            return false;
        const double bytes = bytes_there();
        return bytes + bytes / static_cast<double>(n) > most;
    }
    /// Whether all that was read has been handed out, and some rank may wait for more.
    [[nodiscard]] bool wants_input() const {
        if (source_ended_ || ending_ || there() == 0 || !call_->all_handed_out())
            return false;
        if (first_ && there() >= first_limit())
            return false;
        // Not by the piece, where items are small.
        const std::size_t window = item_window();
        return there() + window / 16 < window && !heavy(most_bytes);
    }
    /// How many are read before the first result; more where that takes so long that others wait for it.
    [[nodiscard]] std::size_t first_limit() const {
        constexpr std::chrono::milliseconds long_wait{100};
        const std::size_t window = item_window();
        const bool late = begun_ && clock::now() - *begun_ > long_wait && call_->all_handed_out();
        return late ? window : std::min(window, 16 * ranks_);
    }

    /// No more is read when that is of no use.
    void heed_the_end() {
        if (ending_)
            return;
        interrupted_ = call_->is_interrupted();
        if (options_.stop.stop_requested() || interrupted_ || !pool_->is_open() || job_->dead())
            end_early();
    }
    void end_early() {
        ending_ = true;
        call_->cancel();
    }

    /// Messages, between reads and results that are there.
    void look(clock::time_point now) {
        looked_ = now;
        try {
            pool_->poll();
        } catch (...) {
            over_ = true;
            throw;
        }
    }
    void note_reads(std::size_t n, double seconds) {
        if (n == 0)
            return;
        const double each = seconds / static_cast<double>(n);
        read_time_ = read_time_ == 0 ? each : read_time_ + (each - read_time_) / 4;
        constexpr double quantum = 100e-6;
        constexpr std::size_t most = 4096;
        quantum_ = static_cast<std::size_t>(
            std::clamp(quantum / std::max(read_time_, 1e-9), 1.0,
                       static_cast<double>(std::min(most, 4 * std::max(n, std::size_t{4})))));
    }

    /// Reads so many items at most; their number. What that throws ends the input.
    std::size_t read_some(std::size_t most) {
        const std::size_t before = items().end();
        try {
            if constexpr ((source<Args>::in_bulk && ...)) {
                copy_some(most);
            } else {
                const std::size_t known = items().known_bytes();
                const double room = most_bytes - bytes_there();
                const double each = unknown_bytes_each();
                for (std::size_t n = 0; n < most && next_item();) {
                    ++n;
                    if (weighs() && static_cast<double>(items().known_bytes() - known) +
                                            static_cast<double>(n + 1) * each >
                                        room)
                        break;
                }
            }
        } catch (...) {
            // What was read before comes first.
            source_ended_ = true;
            source_error_ = current_failure(items().end(), pool_->rank());
        }
        const std::size_t fresh = items().end() - before;
        if (fresh != 0)
            call_->extend(fresh);
        if (items().end() == *total_)
            source_ended_ = true;
        return fresh;
    }
    void copy_some(std::size_t most) {
        std::apply([&](auto&... s) { ((most = std::min(most, s.left())), ...); }, sources_);
        if (most == 0)
            (void)next_item(); // says why
        while (most != 0) {
            const run r = items().room(most);
            copy_into(r, std::index_sequence_for<Args...>{});
            job_->added(r);
            most -= r.count;
        }
    }
    template <std::size_t... K>
    void copy_into(const run& r, std::index_sequence<K...>) {
        const auto copy = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
            auto& s = std::get<I>(sources_);
            if constexpr (std::remove_cvref_t<decltype(s)>::reads) {
                s.copy(r.count, r.in->template argument<I>(r.at));
            } else {
                s.count_off(r.count);
            }
        };
        (copy(std::integral_constant<std::size_t, K>{}), ...);
    }
    /// Puts the next item into the columns, if there is one.
    bool next_item() {
        bool any_ended = false;
        bool all_ended = true;
        const auto look_at = [&](auto& s) {
            const bool ended = s.at_end();
            any_ended = any_ended || ended;
            if (s.has_end())
                all_ended = all_ended && ended;
        };
        std::apply([&](auto&... s) { (look_at(s), ...); }, sources_);
        if (any_ended) {
            source_ended_ = true;
            if (!all_ended && options_.zip == zip::strict) {
                throw invalid_argument(
                    "mpimap: the arguments differ in length; .zip = zip::shortest maps over the shortest");
            }
            return false;
        }
        job_->append([this](auto k) -> decltype(auto) { return std::get<k()>(sources_).read(); });
        return true;
    }
    /// How many items there are, where that is known.
    [[nodiscard]] std::optional<std::size_t> known_size() {
        const auto sizes = std::apply(
            [](auto&... s) { return std::vector<std::optional<std::size_t>>{s.size()...}; }, sources_);
        if (std::none_of(sizes.begin(), sizes.end(), [](const auto& n) { return n.has_value(); }))
            return std::nullopt;
        const std::size_t n = zipped_size(sizes, options_.zip);
        bool all = true;
        std::apply([&](auto&... s) { ((all = all && (s.size().has_value() || !s.has_end())), ...); },
                   sources_);
        return all ? std::optional(n) : std::nullopt;
    }

    /// Where items are so short that tens of thousands take no longer than a few messages do, as many as pass
    /// meanwhile.
    void note_pace(clock::time_point now) {
        constexpr double span = 4e-3;
        const double seconds = std::chrono::duration<double>(now - pace_begin_).count();
        if (seconds < span / 4)
            return;
        const double n = static_cast<double>(taken_ - pace_taken_) / seconds * span;
        most_items_ = static_cast<std::size_t>(
            std::clamp(n, static_cast<double>(least_most_items), static_cast<double>(4 * least_most_items)));
        pace_begin_ = now;
        pace_taken_ = taken_;
    }

    void give(std::size_t i, std::size_t n) {
        first_ = false;
        taken_ += n;
        given_.add(i, i + n);
    }
    [[nodiscard]] completion given() const { return completion(given_.size(), given_.ranges()); }
    [[nodiscard]] map_error error_of(std::vector<task_error> errors, std::size_t items) const {
        return error_of_items(std::move(errors), items, given(), {job_->ordinal(), pool_->rank()});
    }
    [[nodiscard]] std::size_t first_gap() const {
        const std::vector<std::size_t> all = gaps();
        return all.empty() ? job_->items_there().end() : all.front();
    }

    std::shared_ptr<pool_core> pool_;
    options options_;
    std::size_t window_;
    std::size_t ranks_;
    std::tuple<source<Args>...> sources_;
    std::shared_ptr<stream> job_;
    std::unique_ptr<pool_call> call_;
    std::size_t taken_ = 0;
    index_set given_;
    bool first_ = true; // nothing has been taken
    std::optional<clock::time_point> begun_;
    std::optional<std::size_t> total_;
    double read_time_ = 0; // of an item
    std::size_t quantum_ = 1;
    clock::time_point looked_ = clock::now();
    std::size_t most_items_ = least_most_items; // in a window that is not given
    clock::time_point pace_begin_ = looked_;
    std::size_t pace_taken_ = 0;
    bool source_ended_ = false;
    bool ending_ = false; // before the source has ended
    bool interrupted_ = false;
    bool over_ = false;
    std::optional<task_error> fatal_;
    std::optional<failure> source_error_;
    std::vector<task_error> failed_;
};

template <typename T>
struct is_no_lazy_argument : std::bool_constant<!lazy_argument<T>> {};

/// The first problem of a lazy map of F, kept of a G. `Tries`: whether a function that returns nothing will
/// do.
template <bool Tries, typename F, typename G, typename... Args>
consteval auto find_lazy_problem() {
    if constexpr ((is_options<Args> || ...)) {
        return first_argument<are_options, problem::options_behind_function, Args...>();
    } else if constexpr (!(lazy_argument<Args> && ...)) {
        return first_argument<is_no_lazy_argument, problem::argument_is_no_range, Args...>();
    } else {
        constexpr auto mapping = find_problem<false, F, typename source<Args>::checked...>();
        if constexpr (!is_none<decltype(mapping)>) {
            return mapping;
        } else {
            using R = result_of<callable_of<F>, element_t<typename source<Args>::checked>...>;
            using kept = std::conditional_t<(fits_window<Args>() && ...), keeping_finding<F, G>,
                                            finding<problem::cannot_be_kept, F, at::function>>;
            if constexpr (Tries && std::is_void_v<R>) {
                return kept{};
            } else {
                return first_of(find_problem<true, F, typename source<Args>::checked...>(), kept{});
            }
        }
    }
}

} // namespace mpimap::detail
