#pragma once

// A call at its root that grows: items are added at the end, results taken from the front.

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <mpimap/arguments.hpp>
#include <mpimap/codec.hpp>
#include <mpimap/detail/block_queue.hpp>
#include <mpimap/detail/job.hpp>
#include <mpimap/detail/results.hpp>
#include <mpimap/detail/root_call.hpp>
#include <mpimap/detail/run_items.hpp>
#include <mpimap/detail/served_call.hpp>
#include <mpimap/function.hpp>

namespace mpimap::detail {

enum class item_state : unsigned char { waiting, done, failed, taken };

/// Results of items [first(), end()); void is a result without a value.
template <typename R>
class stream_slots {
    static constexpr bool has_value = !std::is_void_v<R>;
    struct nothing {};
    struct entry {
        std::optional<std::conditional_t<has_value, R, nothing>> value;
        item_state state = item_state::waiting;
        bool wanted = true;
    };

  public:
    static constexpr bool plain = false; // kept in order for the main thread
    static constexpr std::size_t item_bytes = has_value && is_bytes<R> ? sizeof(entry) : 0;
    static constexpr bool fixed_size = !has_value || is_bytes<R>;

    [[nodiscard]] std::size_t first() const noexcept { return entries_.first(); }
    [[nodiscard]] std::size_t end() const noexcept { return entries_.end(); }
    void add(std::size_t n) { entries_.push(n); }
    [[nodiscard]] item_state state(std::size_t i) const { return entries_[i].state; }
    void set(std::size_t i, item_state s) { settle(entries_[i], i, s); }
    /// From now on order() gets each item that is done or failed.
    void keep_order() { ordered_ = true; }
    [[nodiscard]] std::deque<std::size_t>& order() { return order_; }

    struct local {
        static constexpr bool drops_results = !has_value;
        stream_slots& slots;
        std::size_t first;
        template <typename Call>
        void invoke(std::size_t i, const Call& call) {
            entry& e = slots.entries_[first + i];
            if constexpr (has_value) {
                e.value.emplace(call());
            } else {
                call();
            }
            slots.settle(e, first + i, item_state::done);
        }
    };
    local at(item_range items) { return {*this, items.first}; }

    /// `none`: items without a result among them.
    std::size_t read(item_range items, const std::vector<std::size_t>& none, reader& in, failures& failed,
                     int rank, std::function<void()>& complete) {
        if constexpr (!has_value) {
            set_done(items, none);
        } else if constexpr (is_bytes<R>) {
            const auto block = std::make_shared<raw_array<R>>(items.count);
            in.heap(static_cast<void*>(block->data()), items.count * sizeof(R));
            const auto take = [this, items, none, block] {
                const R* value = block->data();
                const bool all = none.empty();
                for (std::size_t i = items.first; i != items.end();) {
                    std::span<entry> run = entries_.run(i);
                    run = run.first(std::min(run.size(), items.end() - i));
                    for (entry& e : run) {
                        if (e.state == item_state::waiting && (all || !contains(none, i)))
                            e.value.emplace(*value);
                        ++value;
                        ++i;
                    }
                }
                set_done(items, none);
            };
            if (in.targets().empty()) {
                take();
            } else {
                complete = take; // the block is still to come
            }
        } else {
            std::size_t i = 0;
            for (; i < items.count; ++i) {
                const std::size_t targets = in.targets().size();
                auto& value = entries_[items.first + i].value;
                try {
                    if (!make_value<bool>(in))
                        continue;
                    if constexpr (read_in_place<R>) {
                        read_value<R>(in, value.emplace());
                    } else {
                        value.emplace(make_value<R>(in));
                    }
                } catch (...) {
                    value.reset();
                    in.forget_targets(targets);
                    add_failure(failed, items.first + i, rank);
                    break;
                }
            }
            // Large arrays in them may still be to come.
            complete = [this, items, none, i] { set_done({items.first, i}, none); };
            return i;
        }
        return items.count;
    }

    /// The value of an item that is done; what is taken at the front is gone.
    R take(std::size_t i) {
        entry& e = entries_[i];
        e.state = item_state::taken;
        if constexpr (has_value)
            return *std::move(e.value);
    }
    /// Gives the values of items that are done, from i on, to `out`, at most so many; their number.
    template <typename Out>
    std::size_t take_done(std::size_t i, std::size_t most, const Out& out) {
        std::size_t n = 0;
        while (true) {
            const std::span<entry> run = entries_.run(i + n);
            for (entry& e : run) {
                if (n == most || e.state != item_state::done)
                    return n;
                e.state = item_state::taken;
                out(*std::move(e.value));
                ++n;
            }
            if (run.empty())
                return n;
        }
    }
    /// Nobody will take it.
    void drop(std::size_t i) {
        entry& e = entries_[i];
        e.wanted = false;
        if (e.state != item_state::waiting)
            e.state = item_state::taken;
    }
    /// Forgets items at the front that were taken; their number.
    std::size_t tidy() {
        const std::size_t before = entries_.first();
        while (true) {
            const std::span<entry> run = entries_.run(entries_.first());
            const auto left = std::find_if(run.begin(), run.end(),
                                           [](const entry& e) { return e.state != item_state::taken; });
            entries_.pop(static_cast<std::size_t>(left - run.begin()));
            if (run.empty() || left != run.end())
                return entries_.first() - before;
        }
    }

  private:
    [[nodiscard]] static bool contains(const std::vector<std::size_t>& some, std::size_t i) {
        return std::find(some.begin(), some.end(), i) != some.end();
    }
    /// An item that failed has no value.
    void set_done(item_range items, const std::vector<std::size_t>& none) {
        const bool all = none.empty();
        for (std::size_t i = items.first; i != items.end();) {
            std::span<entry> run = entries_.run(i);
            run = run.first(std::min(run.size(), items.end() - i));
            for (entry& e : run) {
                if ((!has_value || e.value) && (all || !contains(none, i)))
                    settle(e, i, item_state::done);
                ++i;
            }
        }
    }
    void settle(entry& e, std::size_t i, item_state s) {
        if (e.state != item_state::waiting)
            return;
        e.state = e.wanted ? s : item_state::taken;
        if (ordered_)
            order_.push_back(i);
    }

    block_queue<entry> entries_;
    bool ordered_ = false;
    std::deque<std::size_t> order_;
};

template <typename Column>
inline constexpr bool has_fixed_size = true; // constants and indices
template <typename T>
inline constexpr bool has_fixed_size<std::deque<T>> = is_bytes<T>;

/// What a call that grows owns of its arguments; a base, so that it is there before what refers to it.
template <typename F, typename... Args>
struct stream_storage {
    F f_;
    std::tuple<Args...> columns_;
};

/// The job. `Args`: std::deque<T> for what comes item by item, broadcast or indices for the rest.
template <typename F, typename R, typename... Args>
class stream_call : private stream_storage<F, Args...>, public root_setup<F, Args...> {
    using storage = stream_storage<F, Args...>;
    using setup = root_setup<F, Args...>;
    using setup::arguments_;
    using setup::function_;
    using setup::where_;
    using storage::columns_;
    using storage::f_;

  public:
    using served =
        served_call<F, std::conditional_t<std::is_void_v<R>, no_results, kept_results<R>>, Args...>;

    /// `fresh_function`: items run in chunks of one with a copy of the function each.
    stream_call(place where, F f, bool fresh_function, Args... args)
        : storage{std::move(f), {std::move(args)...}},
          setup(where, f_,
                std::apply([](auto&... a) { return typename setup::arguments(root_argument<Args>(a)...); },
                           columns_)),
          fresh_function_(fresh_function) {}

    [[nodiscard]] const F& shipped_function() const { return f_; }
    [[nodiscard]] stream_slots<R>& slots() { return slots_; }
    /// The k-th column, a deque: items are complete with add().
    template <std::size_t K>
    [[nodiscard]] auto& column() {
        return std::get<K>(columns_);
    }
    void add(std::size_t n) { slots_.add(n); }
    /// What item i was called with is not needed any more, though items before it are still to come.
    void drop_arguments(std::size_t i) {
        const auto clear = [&](auto& column) {
            if constexpr (requires { column.begin(); }) {
                using value = typename std::remove_cvref_t<decltype(column)>::value_type;
                if constexpr (!std::is_trivially_destructible_v<value> &&
                              std::is_default_constructible_v<value> && std::is_move_assignable_v<value>)
                    column[i - slots_.first()] = value();
            }
        };
        std::apply([&](auto&... column) { (clear(column), ...); }, columns_);
    }
    /// Forgets the items at the front that were taken, with their arguments.
    void tidy() {
        const std::size_t n = slots_.tidy();
        if (n == 0)
            return;
        const auto pop = [n](auto& column) {
            if constexpr (requires { column.begin(); })
                column.erase(column.begin(), column.begin() + static_cast<std::ptrdiff_t>(n));
        };
        std::apply([&](auto&... column) { (pop(column), ...); }, columns_);
    }

    /// Items that failed, with their exceptions; what is no item's stands for all that follow.
    [[nodiscard]] const failure* failed(std::size_t i) const {
        const auto at = failed_.find(i);
        return at != failed_.end() ? &at->second : dead_ ? &*dead_ : nullptr;
    }
    [[nodiscard]] const std::optional<failure>& dead() const { return dead_; }
    /// Nobody will take the item.
    void disown(std::size_t i) {
        slots_.drop(i);
        failed_.erase(i);
        tidy();
    }

    /// The item will not be run.
    void withdrawn(std::size_t i) {
        slots_.set(i, item_state::taken);
        tidy();
    }

    void take_failures(failures all) override {
        for (failure& f : all) {
            if (f.index == task_error::no_item) {
                dead_ = std::move(f);
                continue;
            }
            const auto i = static_cast<std::size_t>(f.index);
            if (i < slots_.first() || slots_.state(i) != item_state::waiting)
                continue; // ran a second time, behind a result that could not be read
            slots_.set(i, item_state::failed);
            if (slots_.state(i) == item_state::failed)
                failed_.emplace(i, std::move(f));
        }
    }

    void finish(failures&) override {}
    [[nodiscard]] std::size_t items() const override { return 0; }

    std::size_t write_chunk(item_range items, outgoing& message, failures& failed) override {
        std::size_t i = 0;
        try {
            write_items(arguments_, {items.first - slots_.first(), items.count}, i, message);
        } catch (...) {
            failed.push_back(described(items.first, i));
            return std::min(i, items.count - 1);
        }
        return items.count;
    }

    std::size_t run_here(item_range items, bool stop, failures& failed) override {
        try {
            if (fresh_function_)
                copy_function(*this);
            auto store = slots_.at(items);
            return run_items(
                *function_, items.first, items.count, where_, stop,
                [&](std::size_t i) { return cursors(items.first + i); }, store, failed);
        } catch (...) {
            add_failure(failed, items.first, where_.rank);
            return 1;
        }
    }

    void skip_results(const std::vector<std::size_t>& failed) override { none_ = failed; }
    std::size_t read_results(item_range items, reader& in, failures& failed,
                             std::function<void()>& complete) override {
        return slots_.read(items, std::exchange(none_, {}), in, failed, where_.rank, complete);
    }

    /// 0, unknown, where a value may have any size.
    [[nodiscard]] std::size_t bytes_per_item() override {
        if constexpr (!stream_slots<R>::fixed_size || !(has_fixed_size<Args> && ...)) {
            return 0;
        } else {
            return std::apply(
                [](auto&... a) { return (stream_slots<R>::item_bytes + ... + a.item_bytes(0).value_or(0)); },
                arguments_);
        }
    }
    [[nodiscard]] bool plain_arguments() const override { return false; }
    [[nodiscard]] bool plain_results() const override { return stream_slots<R>::plain; }

  private:
    failure described(std::size_t first, std::size_t i) {
        failure f = current_failure(first + i, where_.rank);
        f.arguments = arguments_as_text([&](std::size_t k) { return cursors(first + k); }, i);
        return f;
    }

    /// Indices count from the first item that ever was, columns from the first that is left.
    auto cursors(std::size_t i) {
        const auto cursor = [&](auto& argument, const auto& column) {
            if constexpr (requires { column.begin(); }) {
                return argument.cursor(i - slots_.first());
            } else {
                return argument.cursor(i);
            }
        };
        return [&]<std::size_t... K>(std::index_sequence<K...>) {
            return std::make_tuple(cursor(std::get<K>(arguments_), std::get<K>(columns_))...);
        }
        (std::index_sequence_for<Args...>{});
    }

    bool fresh_function_;
    stream_slots<R> slots_;
    std::vector<std::size_t> none_; // of the results that are read next
    std::map<std::size_t, failure> failed_;
    std::optional<failure> dead_;
};

} // namespace mpimap::detail
