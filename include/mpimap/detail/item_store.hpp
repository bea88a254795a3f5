#pragma once

// Where a call that grows keeps its items: arguments until the result is there, the result until it is taken.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include <mpimap/codec.hpp>
#include <mpimap/detail/job.hpp>

namespace mpimap::detail {

/// Stands for an argument that comes item by item, among those of a call that grows.
template <typename T>
struct items_of {};

enum class item_state : unsigned char {
    waiting,           // has its arguments
    waiting_unwanted,  // the same, but nobody will take the result
    arriving,          // has its arguments, and a result of which large arrays are still to come
    arriving_unwanted, // the same, but nobody will take it
    done,              // has its result
    failed,            // has neither
    taken              // the same, and nobody will ask
};

[[nodiscard]] constexpr bool is_waiting(item_state s) noexcept {
    return s <= item_state::arriving_unwanted;
}

/// Memory for N objects that come and go one by one.
template <typename T, std::size_t N>
class raw_column {
  public:
    raw_column() noexcept {} // NOLINT: leaves the memory as it is
    [[nodiscard]] T* at(std::size_t i) noexcept { return reinterpret_cast<T*>(memory_) + i; }
    static constexpr std::size_t item_size = sizeof(T);

  private:
    alignas(T) std::byte memory_[N * sizeof(T)];
};

/// Nothing is kept per item: constants, indices, results of functions that return none.
struct no_column {
    static constexpr std::size_t item_size = 0;
};

template <typename A, std::size_t N>
struct column_for {
    using type = no_column;
};
template <typename T, std::size_t N>
struct column_for<items_of<T>, N> {
    using type = raw_column<T, N>;
};

template <typename A>
struct stored {
    static constexpr bool is_stored = false;
    static constexpr bool trivial = true; // nothing to be destroyed
    static constexpr bool by_bytes = true;
    static constexpr bool plain = true;
    static constexpr std::size_t size = 0;
};
template <typename T>
struct stored<items_of<T>> {
    static constexpr bool is_stored = true;
    static constexpr bool trivial = std::is_trivially_destructible_v<T>;
    static constexpr bool by_bytes = is_bytes<T>;
    static constexpr bool plain = !runs_user_code<T>();
    static constexpr std::size_t size = sizeof(T);
};

/// What a value takes in memory, about; 0 where only code of the user's could tell.
template <typename T>
std::size_t footprint(const T& value, [[maybe_unused]] writer& scratch) {
    if constexpr (is_bytes<T>) {
        return sizeof(T);
    } else if constexpr (runs_user_code<T>()) {
        return 0;
    } else if constexpr (has_standard_codec<T> && requires { value.data()[value.size()]; }) {
        if constexpr (is_bytes<std::remove_cvref_t<decltype(*value.data())>>)
            return sizeof(T) + static_cast<std::size_t>(value.size()) * sizeof(*value.data());
    }
    if constexpr (!is_bytes<T> && !runs_user_code<T>()) {
        scratch.rewind({0, 0});
        write_value(scratch, value);
        return sizeof(T) + scratch.size();
    }
}

/// How many items lie in a block: whoever keeps one keeps the memory of all.
consteval std::size_t block_length(std::size_t bytes_each) {
    std::size_t n = 256;
    while (n > 1 && n * bytes_each > 32 * 1024)
        n /= 2;
    return n;
}

/// Some items that are neighbours, column by column.
template <typename R, typename... Args>
class item_block {
    using stored_result = stored<std::conditional_t<std::is_void_v<R>, void, items_of<R>>>;

  public:
    static constexpr bool has_value = !std::is_void_v<R>;
    static constexpr std::size_t length = block_length(1 + (stored<Args>::size + ... + stored_result::size));
    static constexpr bool trivial_arguments = (stored<Args>::trivial && ...);
    static constexpr bool trivial_result = !has_value || std::is_trivially_destructible_v<R>;
    /// Whether arguments are sent from where they are, in part.
    static constexpr bool sends_spans = !(stored<Args>::by_bytes && ...);
    static constexpr bool fixed_size = (stored<Args>::by_bytes && ...) && stored_result::by_bytes;

    item_block() noexcept {} // NOLINT: leaves the memory as it is
    ~item_block() {
        if (gone == length)
            return;
        for (std::size_t at = 0; at < filled; ++at) {
            const item_state s = states[at];
            if (is_waiting(s))
                destroy_arguments(at);
            if (s == item_state::done || s == item_state::arriving || s == item_state::arriving_unwanted)
                destroy_result(at);
        }
    }
    item_block(const item_block&) = delete;
    item_block& operator=(const item_block&) = delete;

    template <std::size_t K>
    [[nodiscard]] auto* argument(std::size_t at) noexcept {
        return std::get<K>(columns_).at(at);
    }
    [[nodiscard]] auto* result(std::size_t at) noexcept {
        if constexpr (has_value) {
            return results_.at(at);
        } else {
            return static_cast<char*>(nullptr);
        }
    }
    void destroy_result([[maybe_unused]] std::size_t at) noexcept {
        if constexpr (!trivial_result)
            std::destroy_at(result(at));
    }
    void destroy_arguments([[maybe_unused]] std::size_t at) noexcept {
        if constexpr (!trivial_arguments)
            destroy_each(at, std::index_sequence_for<Args...>{});
    }
    /// The item needs its arguments no more; a message that is leaving may.
    void let_go_of_arguments([[maybe_unused]] std::size_t at) noexcept {
        if constexpr (!trivial_arguments) {
            if constexpr (sends_spans) {
                if (pins_[at] != 0) {
                    pins_[at] |= let_go;
                    return;
                }
            }
            destroy_arguments(at);
        }
    }
    /// While it is so, the arguments stay. False if there are too many who say so.
    [[nodiscard]] bool pin(std::size_t at) noexcept {
        if ((pins_[at] & most_pins) == most_pins)
            return false;
        ++pins_[at];
        return true;
    }
    void unpin(std::size_t at) noexcept {
        if (--pins_[at] == let_go) {
            pins_[at] = 0;
            destroy_arguments(at);
        }
    }

    /// n items more, whose arguments have been made.
    void fill(std::size_t n) noexcept {
        std::fill_n(states + filled, n, item_state::waiting);
        if constexpr (sends_spans)
            std::fill_n(pins_ + filled, n, static_cast<unsigned char>(0));
        filled += n;
    }
    void reset() noexcept {
        filled = 0;
        gone = 0;
    }

    item_state states[length];
    std::size_t filled = 0;
    std::size_t gone = 0; // taken
    std::conditional_t<fixed_size, no_column, raw_column<std::size_t, length>> bytes;

  private:
    template <std::size_t... K>
    void destroy_each(std::size_t at, std::index_sequence<K...>) noexcept {
        const auto destroy = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
            if constexpr (stored<std::tuple_element_t<I, std::tuple<Args...>>>::is_stored)
                std::destroy_at(argument<I>(at));
        };
        (destroy(std::integral_constant<std::size_t, K>{}), ...);
    }

    static constexpr unsigned char let_go = 0x80;
    static constexpr unsigned char most_pins = 0x7f;

    std::tuple<typename column_for<Args, length>::type...> columns_;
    typename column_for<std::conditional_t<has_value, items_of<R>, void>, length>::type results_;
    unsigned char pins_[sends_spans ? length : 1]; // messages that are leaving, and whether that is all
};

/// Items keep their index and their place from the day they come to the day they go. What is left of a block
/// of which all items are gone is nothing, wherever it was.
template <typename R, typename... Args>
class item_store {
  public:
    using block = item_block<R, Args...>;
    static constexpr std::size_t length = block::length;
    static constexpr bool has_value = block::has_value;
    static constexpr bool fixed_size = block::fixed_size;

    /// Neighbours in one block.
    struct run {
        block* in = nullptr;
        std::size_t at = 0;
        std::size_t count = 0;
    };

    [[nodiscard]] std::size_t end() const noexcept { return end_; }
    /// Items that are neither done nor failed.
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
    /// The first that has not been taken. For the main thread, as all that is not said to be for others.
    [[nodiscard]] std::size_t first_there() {
        while (first_there_ < end_) {
            const block* const b = find(first_there_);
            if (b != nullptr && b->states[first_there_ % length] != item_state::taken)
                break;
            first_there_ += b != nullptr ? 1 : length - first_there_ % length;
        }
        return std::min(first_there_, end_);
    }
    /// Of one that is still to be added: waiting.
    [[nodiscard]] item_state state(std::size_t i) const {
        if (i >= end_)
            return item_state::waiting;
        block* const b = find(i);
        return b == nullptr ? item_state::taken : b->states[i % length];
    }
    /// From now on order() gets the items that are done or failed, as it happens.
    void keep_order() { ordered_ = true; }
    [[nodiscard]] std::deque<item_range>& order() noexcept { return order_; }

    // ------------------------------------------------------------ adding

    /// Room for at most so many items behind the last one: their arguments are to be made there, then fill().
    [[nodiscard]] run room(std::size_t most) {
        sweep();
        const std::size_t at = end_ % length;
        if (at == 0 && find(end_) == nullptr)
            add_block();
        return {find(end_), at, std::min(most, length - at)};
    }
    void fill(std::size_t n) {
        find(end_)->fill(n);
        end_ += n;
        waiting_ += n;
    }

    // ------------------------------------------------------------ looking

    /// Those of the items from i on that lie in one block, at most so many; none in it where they are gone.
    [[nodiscard]] run run_at(std::size_t i, std::size_t most) const {
        return {find(i), i % length, std::min(most, length - i % length)};
    }
    /// The same for any thread.
    [[nodiscard]] std::shared_ptr<block> share(std::size_t i) const {
        const auto known = blocks_.find(i / length);
        return known == blocks_.end() ? nullptr : known->second;
    }
    /// How many items from `at` on are in that state.
    [[nodiscard]] static std::size_t count_of(const run& r, item_state s) noexcept {
        const item_state* const first = r.in->states + r.at;
        return static_cast<std::size_t>(
            std::find_if(first, first + r.count, [s](item_state other) { return other != s; }) - first);
    }

    // ------------------------------------------------------------ results

    /// The item has its result, or, where that is all there is to it, has been run.
    void finish(block& b, std::size_t i) {
        const std::size_t at = i % length;
        --waiting_;
        b.let_go_of_arguments(at);
        item_state& s = b.states[at];
        if (s == item_state::waiting || s == item_state::arriving) {
            s = item_state::done;
            one_done(b, at);
            note({i, 1});
        } else {
            b.destroy_result(at);
            s = item_state::taken;
            retire(b, i, 1);
        }
    }
    /// The same for neighbours that are waiting and wanted.
    void finish(const run& r, std::size_t first) {
        waiting_ -= r.count;
        if constexpr (!block::trivial_arguments) {
            for (std::size_t k = 0; k < r.count; ++k)
                r.in->let_go_of_arguments(r.at + k);
        }
        std::fill_n(r.in->states + r.at, r.count, item_state::done);
        if constexpr (!fixed_size) {
            done_ += r.count;
            bytes_done_ += weight(*r.in, r.at, r.count);
        }
        note({first, r.count});
    }
    /// The item will have no result: somebody asks why, or nobody. False if it has one.
    bool fail(std::size_t i, bool asked) {
        block* const b = find(i);
        if (b == nullptr || i >= end_)
            return false;
        item_state& s = b->states[i % length];
        if (s != item_state::waiting && s != item_state::waiting_unwanted)
            return false;
        const bool wanted = asked && s == item_state::waiting;
        --waiting_;
        b->let_go_of_arguments(i % length);
        s = wanted ? item_state::failed : item_state::taken;
        if (wanted) {
            note({i, 1});
        } else {
            retire(*b, i, 1);
            sweep();
        }
        return wanted;
    }

    // ------------------------------------------------------------ taking

    /// Calls `f` with the value of an item, if it is done.
    template <typename F>
    void look_at(std::size_t i, const F& f) {
        if (state(i) == item_state::done)
            f(*find(i)->result(i % length));
    }
    /// The value of an item that is done.
    R take(std::size_t i) {
        block& b = *find(i);
        // Also if the move throws.
        const taking whole{*this, b, i};
        if constexpr (has_value)
            return std::move(*b.result(i % length));
    }
    /// Neighbours that are done, or failed, are of no use any more.
    void forget(const run& r, std::size_t first) {
        item_state* const states = r.in->states + r.at;
        if constexpr (!block::trivial_result || !fixed_size) {
            for (std::size_t k = 0; k < r.count; ++k) {
                if (states[k] == item_state::done) {
                    r.in->destroy_result(r.at + k);
                    one_done_less(*r.in, r.at + k);
                }
            }
        }
        std::fill_n(states, r.count, item_state::taken);
        retire(*r.in, first, r.count);
        sweep();
    }
    /// Nobody will take it.
    void drop(std::size_t i) {
        block* const b = find(i);
        if (b == nullptr)
            return;
        item_state& s = b->states[i % length];
        if (s == item_state::waiting) {
            s = item_state::waiting_unwanted;
        } else if (s == item_state::arriving) {
            s = item_state::arriving_unwanted;
        } else if (s == item_state::done || s == item_state::failed) {
            forget({b, i % length, 1}, i);
        }
    }

    // ------------------------------------------------------------ what they take

    /// What is known of the items that have not been taken; kept where sizes differ.
    [[nodiscard]] std::size_t known_bytes() const noexcept { return known_bytes_; }
    /// Items that are done and have not been taken, and what is known of them; kept where sizes differ, too.
    [[nodiscard]] std::size_t done() const noexcept { return done_; }
    [[nodiscard]] std::size_t bytes_done() const noexcept { return bytes_done_; }
    [[nodiscard]] std::size_t bytes_of(std::size_t i) const { return *find(i)->bytes.at(i % length); }
    void add_bytes(block& b, std::size_t at, std::size_t n) noexcept {
        if constexpr (!fixed_size) {
            if (weighs_) {
                *b.bytes.at(at) += n;
                known_bytes_ += n;
                if (b.states[at] == item_state::done)
                    bytes_done_ += n;
            }
        }
    }
    /// Ahead of all others.
    void start_bytes(block& b, std::size_t at, std::size_t n) noexcept {
        *b.bytes.at(at) = n;
        known_bytes_ += n;
        weighs_ = true;
    }

  private:
    struct taking {
        item_store& all;
        block& b;
        std::size_t i;
        ~taking() { all.forget({&b, i % length, 1}, i); }
    };

    /// Neighbours are asked for one after the other. For the main thread.
    [[nodiscard]] block* find(std::size_t i) const {
        if (i / length != last_) {
            const auto known = blocks_.find(i / length);
            last_ = i / length;
            last_block_ = known == blocks_.end() ? nullptr : known->second.get();
        }
        return last_block_;
    }
    void one_done([[maybe_unused]] block& b, [[maybe_unused]] std::size_t at) noexcept {
        if constexpr (!fixed_size) {
            ++done_;
            bytes_done_ += weight(b, at);
        }
    }
    void one_done_less([[maybe_unused]] block& b, [[maybe_unused]] std::size_t at) noexcept {
        if constexpr (!fixed_size) {
            --done_;
            bytes_done_ -= weight(b, at);
        }
    }
    [[nodiscard]] std::size_t weight([[maybe_unused]] block& b, [[maybe_unused]] std::size_t at,
                                     [[maybe_unused]] std::size_t n = 1) const noexcept {
        std::size_t sum = 0;
        if constexpr (!fixed_size) {
            if (weighs_) {
                for (std::size_t k = at; k < at + n; ++k)
                    sum += *b.bytes.at(k);
            }
        }
        return sum;
    }
    void add_block() {
        std::shared_ptr<block> fresh;
        if (spare_.empty()) {
            fresh = std::make_shared<block>();
        } else {
            fresh = std::move(spare_.back());
            spare_.pop_back();
            fresh->reset();
        }
        last_ = none;
        blocks_.emplace(end_ / length, std::move(fresh));
        empty_.reserve(blocks_.size()); // letting go of items does not throw
    }
    void note(item_range items) {
        if (!ordered_)
            return;
        if (!order_.empty() && order_.back().end() == items.first) {
            order_.back().count += items.count;
        } else {
            order_.push_back(items);
        }
    }
    /// Blocks go later: an item may be running in the midst of it, and the helper thread look others up.
    void retire(block& b, std::size_t first, std::size_t n) {
        known_bytes_ -= weight(b, first % length, n);
        b.gone += n;
        if (b.gone == length)
            empty_.push_back(first / length);
    }
    void sweep() {
        constexpr std::size_t most_spare = 1 + 512 * 1024 / sizeof(block);
        while (!empty_.empty()) {
            const auto node = blocks_.extract(empty_.back());
            empty_.pop_back();
            last_ = none;
            if (spare_.size() < most_spare && node.mapped().use_count() == 1)
                spare_.push_back(node.mapped());
        }
    }

    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
    std::unordered_map<std::size_t, std::shared_ptr<block>> blocks_; // those that have items
    std::vector<std::shared_ptr<block>> spare_;
    std::vector<std::size_t> empty_;
    mutable std::size_t last_ = none; // number of the block asked for last
    mutable block* last_block_ = nullptr;
    std::size_t first_there_ = 0; // none is before it
    std::size_t end_ = 0;
    std::size_t waiting_ = 0;
    bool ordered_ = false;
    bool weighs_ = false;
    std::size_t known_bytes_ = 0;
    std::size_t done_ = 0;
    std::size_t bytes_done_ = 0; // of those that are known
    std::deque<item_range> order_;
};

} // namespace mpimap::detail
