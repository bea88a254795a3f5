#pragma once

// A call at its root that grows: items are added at the end, results taken in any order.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <mpimap/arguments.hpp>
#include <mpimap/codec.hpp>
#include <mpimap/detail/item_store.hpp>
#include <mpimap/detail/job.hpp>
#include <mpimap/detail/pointer_scan.hpp>
#include <mpimap/detail/results.hpp>
#include <mpimap/detail/root_call.hpp>
#include <mpimap/detail/run_items.hpp>
#include <mpimap/detail/served_call.hpp>
#include <mpimap/function.hpp>

namespace mpimap::detail {

template <typename T>
struct element<items_of<T>> {
    using type = T;
};

/// Items come and go: the job itself writes them.
template <typename T>
class root_argument<items_of<T>> : public nothing_sent {
  public:
    static constexpr bool constant = false;
    explicit root_argument(items_of<T>&) {}
    [[nodiscard]] std::optional<std::size_t> size() const { return std::nullopt; }
    void write_bounds(writer&) {}
};

template <typename T>
class served_argument<items_of<T>> {
  public:
    static constexpr bool constant = false;
    using item = T;
    using received = received_items<T>;
    void read_bounds(reader&) {}
};

/// What a call that grows owns of its arguments; a base, so that it is there before what refers to it.
template <typename F, typename... Args>
struct stream_storage {
    F f_;
    std::tuple<Args...> constants_; // and the bounds of indices
};

/// The job. `Args`: items_of<T> for what comes item by item, broadcast or indices for the rest.
template <typename F, typename R, typename... Args>
class stream_call : private stream_storage<F, Args...>, public root_setup<F, Args...>, public growing_items {
    using storage = stream_storage<F, Args...>;
    using setup = root_setup<F, Args...>;
    using setup::function_;
    using setup::where_;
    using storage::constants_;
    using storage::f_;
    static constexpr bool has_value = !std::is_void_v<R>;

  public:
    using store = item_store<R, Args...>;
    using block = typename store::block;
    using run = typename store::run;
    using served =
        served_call<F, std::conditional_t<std::is_void_v<R>, no_results, kept_results<R>>, Args...>;

    /// Whether what arguments take can be told when they are added.
    static constexpr bool knows_arguments = (stored<Args>::plain && ...);

    /// `fresh_function`: items run in chunks of one with a copy of the function each.
    stream_call(place where, F f, bool fresh_function, Args... args)
        : storage{std::move(f), {std::move(args)...}},
          setup(where, f_,
                std::apply([](auto&... a) { return typename setup::arguments(root_argument<Args>(a)...); },
                           constants_)),
          fresh_function_(fresh_function) {}

    [[nodiscard]] store& items_there() noexcept { return store_; }
    [[nodiscard]] const store& items_there() const noexcept { return store_; }

    // ------------------------------------------------------------ adding items

    /// From the first item on store::known_bytes() is wanted, and results that have not been taken are to
    /// take about so many bytes at most.
    void weigh(double most_bytes) {
        weighs_ = true;
        most_bytes_ = most_bytes;
    }
    /// There will be so many items, as far as is known.
    void expect(std::optional<std::size_t> items) { expected_ = items; }
    /// One item more. `make(k)` gives its k-th argument; of those that do not come item by item what it gives
    /// is not looked at. If one throws, there is no item.
    template <typename Make>
    void append(Make&& make) {
        const run r = store_.room(1);
        construct<0>(*r.in, r.at, make);
        added(r);
    }
    /// Neighbours whose arguments have been made in the room that the store gave.
    void added(run r) {
        if constexpr (!store::fixed_size) {
            if (weighs_) {
                for (std::size_t k = 0; k < r.count; ++k)
                    store_.start_bytes(*r.in, r.at + k, weight_of_arguments(*r.in, r.at + k));
            }
        }
        store_.fill(r.count);
    }

    // ------------------------------------------------------------ what became of them

    /// What the items that have not been taken take, as far as that can be told; with their results, where
    /// these are still to come as many bytes each as the last ones.
    [[nodiscard]] double bytes_there(std::size_t waiting) const noexcept {
        return static_cast<double>(store_.known_bytes()) +
               static_cast<double>(waiting) * std::max(0.0, result_bytes_);
    }
    /// Whether a result has been weighed.
    [[nodiscard]] bool knows_results() const noexcept { return result_bytes_ >= 0; }

    /// Why item i has no result; what is no item's stands for all that have none.
    [[nodiscard]] const failure* failed(std::size_t i) const {
        const auto at = failed_.find(i);
        return at != failed_.end() ? &at->second : dead_ ? &*dead_ : nullptr;
    }
    [[nodiscard]] bool any_failed() const noexcept { return !failed_.empty(); }
    [[nodiscard]] const std::optional<failure>& dead() const { return dead_; }
    /// Nobody will take the item.
    void disown(std::size_t i) {
        failed_.erase(i);
        store_.drop(i);
    }
    /// The item will not be run.
    void withdrawn(std::size_t i) { store_.fail(i, false); }

    void take_failures(failures all) override {
        for (failure& f : all) {
            if (f.index == task_error::no_item) {
                dead_ = std::move(f);
                continue;
            }
            // Not where it ran a second time, behind a result that could not be read.
            const auto i = static_cast<std::size_t>(f.index);
            if (f.outcome != failure_kind::threw ? is_waiting(store_.state(i)) : store_.fail(i, true))
                failed_.insert_or_assign(i, std::move(f));
        }
    }

    // ------------------------------------------------------------ for the engine

    [[nodiscard]] std::size_t items() const override { return 0; }
    [[nodiscard]] growing_items* growing() noexcept override { return this; }

    std::size_t write_chunk(item_range items, outgoing& message, failures& failed) override {
        std::size_t i = 0;
        try {
            write_arguments(items, i, message);
        } catch (...) {
            i = std::min(i, items.count - 1); // behind the last of them there is what they have in common
            add_failure(failed, items.first + i, where_.rank, arguments_of(items.first + i));
            return i;
        }
        return items.count;
    }

    std::size_t run_here(item_range items, bool stop, failures& failed) override {
        std::size_t done = 0;
        try {
            if (fresh_function_)
                copy_function(*this);
            while (done < items.count) {
                run r = store_.run_at(items.first + done, items.count - done);
                const std::size_t there = r.in == nullptr ? 0 : count_waiting(r);
                if (there == 0) { // has its result from somewhere else
                    ++done;
                    continue;
                }
                r.count = there;
                const std::size_t first = items.first + done;
                const std::size_t before = failed.size();
                const std::size_t ran = run_items(
                    *function_, first, r.count, where_, this->facts(), stop,
                    [&](std::size_t i) { return cursors(*r.in, first + i); },
                    results_here{*this, *r.in, first}, failed);
                done += ran;
                if (ran < r.count || (stop && failed.size() != before))
                    break;
            }
            return done;
        } catch (...) {
            add_failure(failed, items.first + done, where_.rank);
            return done + 1;
        }
    }

    void skip_results(const std::vector<std::size_t>& failed) override { none_ = failed; }
    std::size_t read_results(item_range items, reader& in, failures& failed,
                             std::function<void()>& complete) override {
        const std::vector<std::size_t> none = std::exchange(none_, {});
        if constexpr (!has_value) {
            finish_all(items, none, nullptr);
            return items.count;
        } else if constexpr (is_bytes<R>) {
            read_bytes(items, none, in, complete);
            return items.count;
        } else {
            return read_values(items, in, failed, complete);
        }
    }

    /// Those that nobody wants are none.
    bool write_results([[maybe_unused]] item_range items, [[maybe_unused]] writer& out) override {
        if constexpr (!has_value) {
            return false;
        } else if constexpr (is_bytes<R>) {
            buffer all(items.count * sizeof(R));
            for (std::size_t i = 0; i < items.count; ++i) {
                std::memset(all.data() + i * sizeof(R), 0, sizeof(R));
                store_.look_at(items.first + i, [&](const R& value) {
                    std::memcpy(all.data() + i * sizeof(R), std::addressof(value), sizeof(R));
                });
            }
            out.heap(all.data(), all.size());
            out.own_spans();
        } else {
            for (std::size_t i = items.first; i < items.end(); ++i) {
                write_value(out, store_.state(i) == item_state::done);
                store_.look_at(i, [&out](const R& value) { write_value<R>(out, value); });
            }
        }
        return has_value;
    }

    [[nodiscard]] bool has_result(std::size_t item) override {
        return store_.state(item) == item_state::done;
    }
    [[nodiscard]] call_types types() const override { return {typeid(F).name(), typeid(R).name(), false}; }

    /// 0, unknown, where a value may have any size.
    [[nodiscard]] std::size_t bytes_per_item() override {
        return store::fixed_size ? fixed_arguments + fixed_result : 0;
    }
    [[nodiscard]] untaken_results untaken() override {
        if (!weighs_ || store::fixed_size) // the window is of so many items
            return {};
        return {store_.done(), most_bytes_ - static_cast<double>(store_.bytes_done()), store_.first_there()};
    }
    [[nodiscard]] std::optional<std::size_t> expected() const override { return expected_; }
    [[nodiscard]] bool plain_arguments() const override { return (stored<Args>::plain && ...); }
    [[nodiscard]] bool plain_results() const override { return false; } // the loop looks at the same records

  private:
    // ------------------------------------------------------------ arguments

    template <std::size_t K, typename Make>
    void construct(block& b, std::size_t at, Make& make) {
        if constexpr (K < sizeof...(Args)) {
            using argument = std::tuple_element_t<K, std::tuple<Args...>>;
            constexpr std::integral_constant<std::size_t, K> k;
            if constexpr (stored<argument>::is_stored) {
                using value = element_t<argument>;
                value* const made =
                    ::new (static_cast<void*>(b.template argument<K>(at))) value(static_cast<value>(make(k)));
                try {
                    if constexpr (is_searched<value>) {
                        if (store_.end() < items_searched)
                            refuse_hidden_pointers(*made, "an argument");
                    }
                    construct<K + 1>(b, at, make);
                } catch (...) {
                    std::destroy_at(made);
                    throw;
                }
            } else {
                make(k);
                construct<K + 1>(b, at, make);
            }
        }
    }

    /// Calls `f(k)` with each position of an argument that comes item by item.
    template <typename Call>
    static void for_each_stored(const Call& f) {
        [&]<std::size_t... K>(std::index_sequence<K...>) {
            [[maybe_unused]] const auto call = [&]<std::size_t I>(std::integral_constant<std::size_t, I> k) {
                if constexpr (stored<std::tuple_element_t<I, std::tuple<Args...>>>::is_stored)
                    f(k);
            };
            (call(std::integral_constant<std::size_t, K>{}), ...);
        }
        (std::index_sequence_for<Args...>{});
    }

    std::size_t weight_of_arguments(block& b, std::size_t at) {
        std::size_t sum = 0;
        for_each_stored([&](auto k) { sum += footprint(*b.template argument<k()>(at), scratch_); });
        return sum;
    }

    /// The blocks that a chunk lies in; from any thread.
    struct place_of_chunk {
        std::vector<std::shared_ptr<block>> blocks;
        item_range items;
        template <typename Call>
        void for_each_run(const Call& f) const {
            std::size_t i = items.first;
            for (const std::shared_ptr<block>& b : blocks) {
                const std::size_t at = i % store::length;
                const std::size_t count = std::min(items.end() - i, store::length - at);
                f(*b, at, count);
                i += count;
            }
        }
    };
    /// `i` tells which item is no more, if it throws.
    place_of_chunk find_chunk(item_range items, std::size_t& i) const {
        place_of_chunk where{{}, items};
        while (i < items.count) {
            std::shared_ptr<block> b = store_.share(items.first + i);
            const std::size_t at = (items.first + i) % store::length;
            const std::size_t end = std::min(i + store::length - at, items.count);
            for (std::size_t k = at; i < end; ++k, ++i) {
                if (!b || !is_waiting(b->states[k]))
                    throw error("mpimap: the item has its result already");
            }
            where.blocks.push_back(std::move(b));
        }
        i = 0;
        return where;
    }

    /// What must stay until a message has been sent.
    struct kept_for_message {
        place_of_chunk where; // its items are pinned
        std::tuple<raw_array<std::conditional_t<stored<Args>::is_stored, element_t<Args>, char>>...> copies;

        kept_for_message() = default;
        kept_for_message(const kept_for_message&) = delete;
        kept_for_message& operator=(const kept_for_message&) = delete;
        ~kept_for_message() {
            where.for_each_run([](block& b, std::size_t at, std::size_t count) {
                for (std::size_t k = at; k < at + count; ++k)
                    b.unpin(k);
            });
        }
        /// False if too many other messages hold one of them.
        [[nodiscard]] bool pin(place_of_chunk chunk) {
            const item_range all = chunk.items;
            where = std::move(chunk);
            std::size_t pinned = 0;
            bool good = true;
            where.for_each_run([&](block& b, std::size_t at, std::size_t count) {
                for (std::size_t k = at; good && k < at + count; ++k) {
                    good = b.pin(k);
                    pinned += good ? 1 : 0;
                }
            });
            if (!good) {
                where.items.count = pinned;
                where.blocks.resize(pinned == 0 ? 0
                                                : (all.first + pinned - 1) / store::length -
                                                      all.first / store::length + 1);
            }
            return good;
        }
    };

    /// `i` tells how far it got if it throws.
    void write_arguments(item_range items, std::size_t& i, outgoing& message) {
        if constexpr ((stored<Args>::is_stored || ...)) {
            place_of_chunk where = find_chunk(items, i);
            std::shared_ptr<kept_for_message> kept;
            const auto keep = [&kept] {
                if (!kept)
                    kept = std::make_shared<kept_for_message>();
                return kept;
            };
            // As received_bytes reads it: one block for each column.
            for_each_stored([&](auto k) {
                using value = element_t<std::tuple_element_t<k(), std::tuple<Args...>>>;
                if constexpr (is_bytes<value>) {
                    const std::size_t size = items.count * sizeof(value);
                    if (size < span_threshold) {
                        where.for_each_run([&](block& b, std::size_t at, std::size_t count) {
                            message.out.bytes(b.template argument<k()>(at), count * sizeof(value));
                        });
                    } else {
                        raw_array<value>& copy = std::get<k()>(keep()->copies);
                        copy = raw_array<value>(items.count);
                        std::size_t done = 0;
                        where.for_each_run([&](block& b, std::size_t at, std::size_t count) {
                            std::memcpy(static_cast<void*>(copy.data() + done),
                                        static_cast<const void*>(b.template argument<k()>(at)),
                                        count * sizeof(value));
                            done += count;
                        });
                        message.out.heap(copy.data(), size);
                    }
                }
            });
            if constexpr (block::sends_spans) {
                const writer::mark before = message.out.position();
                where.for_each_run([&](block& b, std::size_t at, std::size_t count) {
                    for (std::size_t k = at; k < at + count; ++k, ++i)
                        write_item(b, k, message.out);
                });
                if (message.out.position().spans != before.spans && !keep()->pin(std::move(where)))
                    message.out.own_spans();
            }
            message.keep = std::move(kept);
        }
    }
    void write_item(block& b, std::size_t at, writer& out) {
        const std::size_t before = weighs_encoded ? out.size() : 0;
        for_each_stored([&](auto k) {
            using value = element_t<std::tuple_element_t<k(), std::tuple<Args...>>>;
            if constexpr (!is_bytes<value>)
                write_value<value>(out, *b.template argument<k()>(at));
        });
        if constexpr (weighs_encoded) { // what could not be told before
            const std::size_t n = out.size() - before;
            if (weighs_ && n > *b.bytes.at(at))
                store_.add_bytes(b, at, n - *b.bytes.at(at));
        }
    }

    std::string arguments_of([[maybe_unused]] std::size_t i) {
        // Printing them is code of the user's, and plain ones may be written by the helper's thread.
        if constexpr (!(stored<Args>::plain && ...)) {
            const run r = store_.run_at(i, 1);
            if (r.in != nullptr && is_waiting(r.in->states[r.at]))
                return arguments_as_text([&](std::size_t k) { return cursors(*r.in, i + k); }, 0);
        }
        return {};
    }

    auto cursors(block& b, std::size_t i) {
        return [&]<std::size_t... K>(std::index_sequence<K...>) {
            [[maybe_unused]] const auto cursor = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
                using argument = std::tuple_element_t<I, std::tuple<Args...>>;
                if constexpr (stored<argument>::is_stored) {
                    return pointer_cursor<element_t<argument>>(b.template argument<I>(i % store::length));
                } else {
                    return std::get<I>(this->arguments_).cursor(i);
                }
            };
            return std::make_tuple(cursor(std::integral_constant<std::size_t, K>{})...);
        }
        (std::index_sequence_for<Args...>{});
    }

    // ------------------------------------------------------------ results

    /// How many items of the run, from its first on, are still to be run.
    [[nodiscard]] static std::size_t count_waiting(const run& r) {
        std::size_t n = 0;
        while (n < r.count && (r.in->states[r.at + n] == item_state::waiting ||
                               r.in->states[r.at + n] == item_state::waiting_unwanted))
            ++n;
        return n;
    }

    /// Where items that run here put their results.
    struct results_here {
        static constexpr bool drops_results = !has_value;
        stream_call& all;
        block& in;
        std::size_t first;
        template <typename Call>
        void invoke(std::size_t i, const Call& call) {
            if constexpr (has_value) {
                const std::size_t at = (first + i) % store::length;
                const R& result = *::new (static_cast<void*>(in.result(at))) R(call());
                if constexpr (is_searched<R>) {
                    if (first + i < items_searched)
                        refuse_hidden_pointers(result, "a result");
                }
                all.weigh_result(in, at, [&] { return footprint(result, all.scratch_); });
            } else {
                call();
            }
            all.store_.finish(in, first + i);
        }
    };

    template <typename Weigh>
    void weigh_result(block& b, std::size_t at, const Weigh& weight) {
        if constexpr (!store::fixed_size) {
            if (!weighs_)
                return;
            const std::size_t n = weight();
            if (n == 0)
                return; // cannot be told
            store_.add_bytes(b, at, n);
            const auto each = static_cast<double>(n);
            if (result_bytes_ < 0) {
                result_bytes_ = each;
            } else {
                result_bytes_ += (each - result_bytes_) / (each > result_bytes_ ? 4 : 64);
            }
        }
    }

    [[nodiscard]] static bool contains(const std::vector<std::size_t>& some, std::size_t i) {
        return std::find(some.begin(), some.end(), i) != some.end();
    }

    /// All results of a chunk are there, in `values` where there are any. An item that failed has none.
    void finish_all(item_range items, const std::vector<std::size_t>& none,
                    [[maybe_unused]] const std::byte* values) {
        for (std::size_t i = items.first; i != items.end();) {
            const run r = store_.run_at(i, items.end() - i);
            if (r.in != nullptr && none.empty() && store::count_of(r, item_state::waiting) == r.count) {
                if constexpr (has_value)
                    std::memcpy(static_cast<void*>(r.in->result(r.at)), values, r.count * sizeof(R));
                store_.finish(r, i);
            } else if (r.in != nullptr) {
                for (std::size_t k = 0; k < r.count; ++k) {
                    const item_state s = r.in->states[r.at + k];
                    const bool runs = s == item_state::waiting || s == item_state::waiting_unwanted;
                    if (!runs || contains(none, i + k))
                        continue;
                    if constexpr (has_value)
                        std::memcpy(static_cast<void*>(r.in->result(r.at + k)), values + k * sizeof(R),
                                    sizeof(R));
                    store_.finish(*r.in, i + k);
                }
            }
            i += r.count;
            if constexpr (has_value)
                values += r.count * sizeof(R);
        }
        if constexpr (!store::fixed_size) {
            for (std::size_t i = items.first; i != items.end(); ++i) {
                const run r = store_.run_at(i, 1);
                if (r.in != nullptr && r.in->states[r.at] == item_state::done)
                    weigh_result(*r.in, r.at, [] { return fixed_result + 1; });
            }
        }
    }

    void read_bytes(item_range items, const std::vector<std::size_t>& none, reader& in,
                    std::function<void()>& complete) {
        const std::size_t size = items.count * sizeof(R);
        if (!in.deferred(size)) {
            finish_all(items, none, in.view(size));
            return;
        }
        const auto values = std::make_shared<raw_array<R>>(items.count);
        in.heap(static_cast<void*>(values->data()), size);
        complete = [this, items, none, values] {
            finish_all(items, none, reinterpret_cast<const std::byte*>(values->data()));
        };
    }

    /// A result that is read into its place: gone again if it cannot be.
    void read_value_at(R* to, reader& in) {
        if constexpr (read_in_place<R>) {
            ::new (static_cast<void*>(to)) R();
            try {
                read_value<R>(in, *to);
            } catch (...) {
                std::destroy_at(to);
                throw;
            }
        } else {
            ::new (static_cast<void*>(to)) R(make_value<R>(in));
        }
    }

    /// What has been read of a chunk, until all of it has arrived.
    struct values_arriving {
        std::vector<item_range> items;
        std::deque<std::optional<R>> unasked; // read only since others follow
        void make_room() {
            if (items.size() == items.capacity())
                items.reserve(2 * items.size() + 1);
        }
        void add(std::size_t i) {
            if (!items.empty() && items.back().end() == i) {
                ++items.back().count;
            } else {
                items.push_back({i, 1});
            }
        }
    };

    std::size_t read_values(item_range items, reader& in, failures& failed, std::function<void()>& complete) {
        const auto arriving = std::make_shared<values_arriving>();
        complete = [this, arriving] {
            for (const item_range& some : arriving->items)
                finish_arrived(some);
        };
        for (std::size_t i = 0; i < items.count; ++i) {
            const std::size_t targets = in.targets().size();
            try {
                const std::size_t before = in.left();
                if (!make_value<bool>(in))
                    continue;
                const run r = store_.run_at(items.first + i, 1);
                if (r.in == nullptr || count_waiting(r) == 0) {
                    arriving->unasked.emplace_back(make_value<R>(in));
                    continue;
                }
                arriving->make_room(); // nothing throws behind the reading
                read_value_at(r.in->result(r.at), in);
                item_state& s = r.in->states[r.at];
                s = s == item_state::waiting ? item_state::arriving : item_state::arriving_unwanted;
                arriving->add(items.first + i);
                weigh_result(*r.in, r.at, [&] {
                    std::size_t n = sizeof(R) + before - in.left();
                    for (std::size_t k = targets; k < in.targets().size(); ++k)
                        n += in.targets()[k].size;
                    return n;
                });
            } catch (...) {
                in.forget_targets(targets);
                add_failure(failed, items.first + i, where_.rank);
                return i;
            }
        }
        return items.count;
    }
    void finish_arrived(item_range items) {
        for (std::size_t i = items.first; i != items.end();) {
            const run r = store_.run_at(i, items.end() - i);
            if (r.in != nullptr && store::count_of(r, item_state::arriving) == r.count) {
                store_.finish(r, i);
            } else {
                for (std::size_t k = 0; r.in != nullptr && k < r.count; ++k) {
                    const item_state s = r.in->states[r.at + k];
                    if (s == item_state::arriving || s == item_state::arriving_unwanted)
                        store_.finish(*r.in, i + k);
                }
            }
            i += r.count;
        }
    }

    static constexpr bool weighs_encoded = !store::fixed_size && !(stored<Args>::plain && ...);
    static constexpr std::size_t fixed_result =
        stored<std::conditional_t<has_value, items_of<R>, void>>::size;
    static constexpr std::size_t fixed_arguments = (stored<Args>::size + ... + std::size_t{0});

    bool fresh_function_;
    store store_;
    std::vector<std::size_t> none_; // of the results that are read next
    std::map<std::size_t, failure> failed_;
    std::optional<failure> dead_;
    std::optional<std::size_t> expected_; // items
    bool weighs_ = false;
    double most_bytes_ = std::numeric_limits<double>::infinity();
    double result_bytes_ = -1; // mean of the last ones, of the larger rather than of the smaller
    writer scratch_;
};

} // namespace mpimap::detail
