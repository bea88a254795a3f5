#pragma once

// In which order, and as what, a lazy map gives its results: what imap, uimap, try_imap and try_uimap differ
// in.

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <mpimap/detail/item_store.hpp>
#include <mpimap/detail/pool_core.hpp>
#include <mpimap/errors.hpp>
#include <mpimap/expected.hpp>
#include <mpimap/lazy_results.hpp>

namespace mpimap::detail {

inline constexpr std::size_t most_in_batch = 256;

/// imap: in the order of the items, handed over where they lie.
template <typename Map, typename R>
class next_in_order {
  public:
    using value = R;
    explicit next_in_order(std::unique_ptr<Map> map) : map_(std::move(map)) {}

    /// Waits for one result at least; none, when there is none to come.
    std::span<value> operator()() {
        const in_pool here = map_->step();
        map_->check_step();
        if (lent_.count != 0)
            map_->items().forget(std::exchange(lent_, {}), next_ - lent_count_);
        const auto ready = [this] {
            const item_state s = map_->state(next_);
            return s == item_state::done || s == item_state::failed;
        };
        while (true) {
            map_->read_ahead(ready);
            if (map_->exhausted()) {
                map_->end();
                return {};
            }
            if (!map_->wait(ready)) {
                if (map_->at_rest())
                    map_->throw_why();
                continue;
            }
            if (map_->state(next_) == item_state::failed) {
                if (!map_->goes_on_behind(map_->take_failure(next_)))
                    map_->throw_why();
                ++next_;
                continue;
            }
            lent_ = map_->hand_over(next_);
            lent_count_ = lent_.count;
            next_ += lent_.count;
            return {lent_.in->result(lent_.at), lent_.count};
        }
    }

  private:
    std::unique_ptr<Map> map_;
    std::size_t next_ = 0;
    typename Map::run lent_; // to whoever goes through them
    std::size_t lent_count_ = 0;
};

/// What those that try give for an item.
template <typename R>
using outcome = expected<R, task_error>;

template <typename Map, typename R>
outcome<R> take_outcome(Map& map, std::size_t i) {
    if (map.state(i) == item_state::failed)
        return unexpected<task_error>(map.take_failure(i));
    if constexpr (std::is_void_v<R>) {
        map.take(i);
        return {};
    } else {
        return outcome<R>(tl::in_place, map.take(i));
    }
}

/// Behind the last item: what the input threw, if it did, in the place of a result.
template <typename Map>
std::optional<task_error> take_last(Map& map) {
    std::optional<task_error> e = map.take_source_error();
    if (e) {
        map.be_over();
    } else {
        map.end_tried();
    }
    return e;
}

/// try_imap: the same, and errors in the places of results.
template <typename Map, typename R>
class next_tried_in_order {
  public:
    using value = outcome<R>;
    explicit next_tried_in_order(std::unique_ptr<Map> map) : map_(std::move(map)) {}

    std::span<value> operator()() {
        const in_pool here = map_->step();
        map_->check_step();
        batch_.clear();
        const auto ready = [this] {
            const item_state s = map_->state(next_);
            return s == item_state::done || s == item_state::failed;
        };
        while (batch_.empty()) {
            map_->read_ahead(ready);
            if (map_->exhausted()) {
                if (auto e = take_last(*map_))
                    batch_.push_back(unexpected<task_error>(std::move(*e)));
                break;
            }
            if (map_->wait(ready)) {
                while (batch_.size() < most_in_batch && next_ < map_->items().end() && ready())
                    add();
            } else if (map_->at_rest()) {
                if (!map_->stopped())
                    map_->throw_why();
                batch_.push_back(unexpected<task_error>(map_->take_gap(next_++)));
            }
        }
        return batch_;
    }

  private:
    void add() {
        const std::size_t i = next_++;
        try {
            batch_.push_back(take_outcome<Map, R>(*map_, i));
        } catch (...) {
            batch_.push_back(unexpected<task_error>(task_error(current_failure(i, map_->rank()))));
        }
    }

    std::unique_ptr<Map> map_;
    std::size_t next_ = 0;
    std::vector<value> batch_;
};

/// uimap and try_uimap: as they come.
template <typename Map, typename R, bool Tries>
class next_completed_as {
  public:
    using value = indexed<std::conditional_t<Tries, outcome<R>, R>>;
    explicit next_completed_as(std::unique_ptr<Map> map) : map_(std::move(map)) {
        map_->items().keep_order();
    }

    std::span<value> operator()() {
        const in_pool here = map_->step();
        map_->check_step();
        batch_.clear();
        const auto ready = [this] { return !map_->items().order().empty(); };
        while (batch_.empty()) {
            map_->read_ahead(ready);
            if (map_->exhausted()) {
                add_last();
                break;
            }
            if (map_->wait(ready)) {
                const std::size_t before = map_->items().known_bytes();
                constexpr std::size_t most_bytes = 4 * 1024 * 1024;
                while (batch_.size() < most_in_batch && ready() &&
                       before - map_->items().known_bytes() < most_bytes)
                    add(pop());
            } else if (map_->at_rest()) {
                fill_gaps();
            }
        }
        return batch_;
    }

  private:
    std::size_t pop() {
        std::deque<item_range>& order = map_->items().order();
        const std::size_t i = order.front().first++;
        if (--order.front().count == 0)
            order.pop_front();
        return i;
    }
    void add(std::size_t i) {
        if constexpr (Tries) {
            try {
                batch_.push_back({i, take_outcome<Map, R>(*map_, i)});
            } catch (...) {
                batch_.push_back({i, unexpected<task_error>(task_error(current_failure(i, map_->rank())))});
            }
        } else if (map_->state(i) == item_state::failed) {
            (void)map_->goes_on_behind(map_->take_failure(i)); // what has finished is given all the same
        } else {
            try {
                batch_.push_back({i, map_->take(i)});
            } catch (...) {
                map_->lose(i);
            }
        }
    }
    void fill_gaps() {
        if constexpr (Tries) {
            if (map_->stopped()) {
                for (const std::size_t i : map_->gaps())
                    batch_.push_back({i, unexpected<task_error>(map_->take_gap(i))});
                return;
            }
        }
        map_->throw_why();
    }
    void add_last() {
        if constexpr (Tries) {
            if (auto e = take_last(*map_))
                batch_.push_back({e->index(), unexpected<task_error>(std::move(*e))});
        } else {
            map_->end();
        }
    }

    std::unique_ptr<Map> map_;
    std::vector<value> batch_;
};
template <typename Map, typename R>
using next_completed = next_completed_as<Map, R, false>;
template <typename Map, typename R>
using next_tried_completed = next_completed_as<Map, R, true>;

} // namespace mpimap::detail
