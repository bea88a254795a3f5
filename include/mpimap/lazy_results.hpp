#pragma once

#include <cstddef>
#include <iterator>
#include <ranges>
#include <utility>
#include <vector>

namespace mpimap {

/// An element of pool::uimap: the item's index in the input and its result.
///
///     for (auto& [i, z] : pool.uimap(f, xs))
template <typename R>
struct indexed {
    std::size_t index = 0;
    R value;
};

namespace detail {

/// What a lazy map hands to its reader at a time: results that are there already.
template <typename Value>
struct ready_result {
    Value value;
};
template <typename Value>
using batch_of = std::vector<ready_result<Value>>;
} // namespace detail

/// The results of pool::imap and pool::uimap: an input range, to be gone through once, that runs ahead of
/// whoever reads it by a window of items.
///
/// Elements may be moved from. begin() and `++` wait for the next result, run items on the root meanwhile,
/// and throw what pool::imap says; results that are there are handed over up to 1024 at a time, and the steps
/// through these do nothing else. Letting go of it, at any time, cancels what has not started and does not
/// wait. It may outlive the pool's end, but not what its arguments refer to.
template <typename Next>
class lazy_results : public std::ranges::view_interface<lazy_results<Next>> {
  public:
    class iterator {
      public:
        using iterator_concept = std::input_iterator_tag;
        using value_type = typename Next::value;
        using difference_type = std::ptrdiff_t;

        iterator() = default;
        explicit iterator(lazy_results& all) : all_(&all) {}
        value_type& operator*() const { return all_->batch_[all_->at_].value; }
        iterator& operator++() {
            all_->advance();
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator& i, std::default_sentinel_t) { return i.at_end(); }

      private:
        [[nodiscard]] bool at_end() const { return all_->at_ == all_->batch_.size(); }
        lazy_results* all_ = nullptr;
    };

    explicit lazy_results(Next next) : next_(std::move(next)) {}

    /// Waits for the first result. A second call goes on to the next.
    [[nodiscard]] iterator begin() {
        advance();
        return iterator(*this);
    }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

  private:
    void advance() {
        if (at_ + 1 < batch_.size()) {
            ++at_;
            return;
        }
        batch_.clear();
        at_ = 0;
        next_(batch_);
    }
    Next next_;
    detail::batch_of<typename Next::value> batch_;
    std::size_t at_ = 0;
};

} // namespace mpimap
