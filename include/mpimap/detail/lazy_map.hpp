#pragma once

// imap and uimap: a window of items between an input and whoever takes the results.

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <mpimap/arguments.hpp>
#include <mpimap/detail/checks.hpp>
#include <mpimap/detail/pointer_scan.hpp>
#include <mpimap/detail/pool_core.hpp>
#include <mpimap/detail/stream_call.hpp>
#include <mpimap/errors.hpp>
#include <mpimap/lazy_results.hpp>
#include <mpimap/options.hpp>

namespace mpimap::detail {

/// Where imap reads an argument from: a range, item by item, into a column of the call.
template <typename A>
class source {
    using range = std::remove_reference_t<A>;

  public:
    using column = std::deque<std::remove_cv_t<std::ranges::range_value_t<range>>>;

    explicit source(A&& a) : range_(std::forward<A>(a)) {}
    [[nodiscard]] column make_column() { return {}; }
    [[nodiscard]] std::optional<std::size_t> size() const {
        if constexpr (std::ranges::sized_range<const range>) {
            return static_cast<std::size_t>(std::ranges::size(range_));
        } else {
            return std::nullopt;
        }
    }
    [[nodiscard]] static constexpr bool has_end() { return true; }
    static constexpr bool reads = true;
    /// The step to an item is taken when the item is asked for, so that no more is read than is asked for.
    [[nodiscard]] bool at_end() {
        if (!at_) {
            at_.emplace(std::ranges::begin(range_));
        } else if (!fresh_) {
            fresh_ = true;
            ++*at_;
        }
        return *at_ == std::ranges::end(range_);
    }
    void read(column& c) {
        c.emplace_back(**at_);
        fresh_ = false;
        if (searched_ < items_searched) {
            ++searched_;
            refuse_hidden_pointers(c.back(), "an argument");
        }
    }

  private:
    A range_; // a reference to an lvalue
    std::optional<std::ranges::iterator_t<range>> at_;
    bool fresh_ = true;
    std::size_t searched_ = 0; // for pointers
};

/// Constants and indices: nothing to read.
template <typename A>
    requires(traits_of<A>::is_broadcast || traits_of<A>::is_index)
class source<A> {
  public:
    using column = std::remove_cvref_t<A>;
    explicit source(A&& a) : argument_(std::forward<A>(a)) {
        if constexpr (traits_of<A>::is_index) {
            if (argument_.last)
                left_ = *argument_.last - argument_.first;
        }
    }
    [[nodiscard]] column make_column() { return argument_; }
    [[nodiscard]] std::optional<std::size_t> size() const { return left_; }
    [[nodiscard]] bool has_end() const { return left_.has_value(); }
    [[nodiscard]] bool at_end() const { return left_ && *left_ == 0; }
    static constexpr bool reads = false;
    void read(column&) { count_off(1); }
    void count_off(std::size_t n) {
        if (left_)
            *left_ -= n;
    }

  private:
    column argument_;
    std::optional<std::size_t> left_;
};

/// What imap and uimap share: a window of items between a source and whoever takes results.
template <typename F, typename R, typename... Args>
class lazy_map {
  public:
    using stream = stream_call<F, R, typename source<Args>::column...>;

    lazy_map(std::shared_ptr<pool_core> pool, const options& o, std::size_t window, F f, Args&&... args)
        : pool_(std::move(pool)), options_(o), window_(window), sources_(std::forward<Args>(args)...) {
        // Throws where sizes are known and differ; that there is an end is not asked for.
        std::vector<std::optional<std::size_t>> sizes = std::apply(
            [](auto&... s) { return std::vector<std::optional<std::size_t>>{s.size()...}; }, sources_);
        if (std::any_of(sizes.begin(), sizes.end(), [](const auto& n) { return n.has_value(); }))
            (void)zipped_size(sizes, o.zip);
        const place where{pool_->rank(), pool_->size()};
        job_ = std::apply(
            [&](auto&... s) {
                return std::make_shared<stream>(where, std::move(f), false, s.make_column()...);
            },
            sources_);
        call_settings how;
        how.descriptor = &descriptor_of<typename stream::served>;
        how.grows = true;
        how.keep = job_;
        call_ = pool_->start(*job_, options_, how);
    }

    /// Reads ahead. Results that nobody has taken yet count as well.
    void read_ahead() {
        const std::size_t window = current_window();
        const std::size_t there = job_->slots().end() - taken_;
        if (source_ended_ || there > window / 2)
            return;
        std::size_t fresh = 0;
        try {
            if constexpr ((!source<Args>::reads && ...)) {
                fresh = count_off(window - there);
            } else {
                while (there + fresh < window && next_item())
                    ++fresh;
            }
        } catch (...) {
            // What was read before comes first.
            source_ended_ = true;
            source_error_ = current_failure(job_->slots().end() + fresh, pool_->rank());
        }
        job_->add(fresh);
        if (fresh != 0)
            call_->extend(fresh);
    }
    /// Nothing has come that has not been taken, and nothing will.
    [[nodiscard]] bool exhausted() const { return over_ || (source_ended_ && taken_ == job_->slots().end()); }

    [[nodiscard]] item_state state(std::size_t i) const {
        const item_state s = job_->slots().state(i);
        return s == item_state::waiting && job_->dead() ? item_state::failed : s;
    }
    /// Takes item i, which is done.
    R take(std::size_t i) {
        ++taken_;
        job_->drop_arguments(i);
        return job_->slots().take(i);
    }
    template <typename Out>
    void take_done(std::size_t i, std::size_t most, const Out& out) {
        taken_ += job_->slots().take_done(i, most, out);
    }
    /// Forgets what was taken at the front.
    void tidy() { job_->tidy(); }
    /// An item that failed: throws, or with on_error::collect keeps the failure for the end.
    void take_failure(std::size_t i) {
        ++taken_;
        failure f = *job_->failed(i);
        f.index = i;
        job_->disown(i);
        if (options_.on_error == on_error::stop || job_->dead()) {
            call_->cancel();
            over_ = true;
            throw map_error({task_error(std::move(f))}, 1, taken_);
        }
        failed_.emplace_back(std::move(f));
    }
    /// In a catch block: the result of item i could not be handed over. Ends the range behind what was.
    void lose(std::size_t i) {
        source_error_ = current_failure(i, pool_->rank());
        call_->cancel();
        over_ = true;
    }
    [[nodiscard]] bool is_done(std::size_t i) const {
        return i < job_->slots().end() && job_->slots().state(i) == item_state::done;
    }

    void keep_order() { job_->slots().keep_order(); }
    [[nodiscard]] bool any_settled() const { return !job_->slots().order().empty() || job_->dead(); }
    /// The next one of those that are done or failed.
    [[nodiscard]] std::size_t next_settled() {
        std::deque<std::size_t>& order = job_->slots().order();
        if (order.empty()) { // all that is left has failed
            std::size_t i = job_->slots().first();
            while (job_->slots().state(i) != item_state::waiting)
                ++i;
            return i;
        }
        const std::size_t i = order.front();
        order.pop_front();
        return i;
    }
    void put_back(std::size_t i) { job_->slots().order().push_front(i); }

    /// When all has been taken: throws what is left to be said.
    void end() {
        if (source_error_)
            failed_.emplace_back(std::move(*std::exchange(source_error_, std::nullopt)));
        if (failed_.empty())
            return;
        std::vector<task_error> all = std::exchange(failed_, {});
        const std::size_t n = all.size();
        throw map_error(std::move(all), n, taken_);
    }

    template <typename Ready>
    void wait(const Ready& ready) {
        if (ready())
            return;
        try {
            call_->wait(ready);
            call_->check();
        } catch (...) {
            over_ = true;
            throw;
        }
    }

  private:
    [[nodiscard]] std::size_t current_window() const {
        if (window_ != 0)
            return window_;
        constexpr double most_bytes = 64.0 * 1024 * 1024;
        constexpr std::size_t most_items = 65536;
        const auto ranks = static_cast<std::size_t>(pool_->size());
        const double bytes = std::max(static_cast<double>(job_->bytes_per_item()), call_->bytes_per_item());
        if (bytes == 0)
            return 16 * ranks; // unknown as yet
        const double n = most_bytes / bytes;
        return std::clamp(n < static_cast<double>(most_items) ? static_cast<std::size_t>(n) : most_items,
                          2 * ranks, std::max(most_items, 2 * ranks));
    }

    /// So many items more, or as many as there are, where there is nothing to read.
    std::size_t count_off(std::size_t n) {
        std::apply([&](auto&... s) { ((n = std::min(n, s.size().value_or(n))), ...); }, sources_);
        if (n == 0) {
            (void)next_item(); // says so
        } else {
            std::apply([&](auto&... s) { (s.count_off(n), ...); }, sources_);
        }
        return n;
    }

    /// Puts the next item into the columns, if there is one.
    bool next_item() {
        bool any_ended = false;
        bool all_ended = true;
        const auto look = [&](auto& s) {
            const bool ended = s.at_end();
            any_ended = any_ended || ended;
            if (s.has_end())
                all_ended = all_ended && ended;
        };
        std::apply([&](auto&... s) { (look(s), ...); }, sources_);
        if (any_ended) {
            source_ended_ = true;
            if (!all_ended && options_.zip == zip::strict) {
                throw invalid_argument(
                    "mpimap: the arguments differ in length; .zip = zip::shortest maps over the shortest");
            }
            return false;
        }
        read_all(std::index_sequence_for<Args...>{});
        return true;
    }
    template <std::size_t... K>
    void read_all(std::index_sequence<K...>) {
        (std::get<K>(sources_).read(job_->template column<K>()), ...);
    }

    std::shared_ptr<pool_core> pool_;
    options options_;
    std::size_t window_;
    std::tuple<source<Args>...> sources_;
    std::shared_ptr<stream> job_;
    std::unique_ptr<pool_call> call_;
    std::size_t taken_ = 0;
    bool source_ended_ = false;
    bool over_ = false; // before the source has ended
    std::optional<failure> source_error_;
    std::vector<task_error> failed_;
};

inline constexpr std::size_t most_in_batch = 1024;

/// imap: results in the order of their items.
template <typename Map, typename R>
class next_in_order {
  public:
    using value = R;
    explicit next_in_order(std::unique_ptr<Map> map) : map_(std::move(map)) {}
    /// Waits for one result at least, unless there is none to come.
    void operator()(batch_of<R>& batch) {
        while (batch.empty()) {
            map_->read_ahead();
            if (map_->exhausted()) {
                map_->end();
                return;
            }
            map_->wait([this] { return map_->state(next_) != item_state::waiting; });
            if (map_->state(next_) == item_state::failed)
                map_->take_failure(next_++);
            try {
                map_->take_done(next_, most_in_batch, [this, &batch](R&& result) {
                    batch.push_back({std::move(result)});
                    ++next_;
                });
            } catch (...) {
                map_->lose(next_);
            }
            map_->tidy();
        }
    }

  private:
    std::unique_ptr<Map> map_;
    std::size_t next_ = 0;
};

/// uimap: as they come.
template <typename Map, typename R>
class next_completed {
  public:
    using value = indexed<R>;
    explicit next_completed(std::unique_ptr<Map> map) : map_(std::move(map)) { map_->keep_order(); }
    void operator()(batch_of<value>& batch) {
        while (batch.empty()) {
            map_->read_ahead();
            if (map_->exhausted()) {
                map_->end();
                return;
            }
            map_->wait([this] { return map_->any_settled(); });
            while (batch.size() < most_in_batch && map_->any_settled()) {
                const std::size_t i = map_->next_settled();
                if (map_->is_done(i)) {
                    try {
                        batch.push_back({indexed<R>{i, map_->take(i)}});
                    } catch (...) {
                        map_->lose(i);
                        break;
                    }
                } else if (!batch.empty()) {
                    map_->put_back(i); // first what was good
                    break;
                } else {
                    map_->take_failure(i);
                }
            }
            map_->tidy();
        }
    }

  private:
    std::unique_ptr<Map> map_;
};

template <typename A>
concept lazy_argument = traits_of<A>::is_broadcast || traits_of<A>::is_index ||
    std::ranges::input_range<std::remove_reference_t<A>>;

/// Whether elements can be put into the window.
template <typename A>
consteval bool fits_window() {
    if constexpr (source<A>::reads) {
        using range = std::remove_reference_t<A>;
        return std::is_constructible_v<std::ranges::range_value_t<range>,
                                       std::ranges::range_reference_t<range>>;
    } else {
        return true;
    }
}

/// The first problem of a lazy map of F, kept of a G.
template <typename F, typename G, typename... Args>
consteval problem find_lazy_problem() {
    if constexpr (!(lazy_argument<Args> && ...)) {
        return problem::M01;
    } else if constexpr (constexpr problem mapping =
                             find_problem<true, F, typename source<Args>::column...>();
                         mapping != problem::none) {
        return mapping;
    } else {
        return (fits_window<Args>() && ...) ? keeping_problem<F, G>() : problem::M18;
    }
}

} // namespace mpimap::detail
