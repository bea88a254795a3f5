#pragma once

#include <cstddef>
#include <iterator>
#include <ranges>
#include <span>
#include <utility>

namespace mpimap {

/// An element of pool::uimap: the item's index in the input and its result.
///
///     for (auto& [i, z] : pool.uimap(f, xs))
template <typename R>
struct indexed {
    std::size_t index = 0;
    R value;
};

/// The results of pool::imap, uimap, try_imap and try_uimap: an input range, to be gone through once, that
/// runs ahead of whoever reads it by a window of items.
///
/// Elements may be moved from. begin() and `++` wait for the next result, run items on the root meanwhile,
/// and throw what pool::imap says; results that are there are handed over up to 256 at a time, and the steps
/// through these do nothing else. An element is gone with the step behind it. Letting go of the range, at any
/// time, cancels what has not started and does not wait. It may outlive the pool's end, but not what its
/// arguments refer to. An item cannot step through it: nested_call.
template <typename Next>
class lazy_results : public std::ranges::view_interface<lazy_results<Next>> {
  public:
    class iterator {
      public:
        using iterator_concept = std::input_iterator_tag;
        using value_type = typename Next::value;
        using difference_type = std::ptrdiff_t;

        iterator() = default;
        explicit iterator(lazy_results& all) : all_(&all), at_(all.at_), end_(all.end_) {}
        value_type& operator*() const { return *at_; }
        iterator& operator++() {
            if (at_ != end_)
                all_->at_ = ++at_; // where begin() goes on
            if (at_ == end_) {
                at_ = end_ = nullptr; // that is what it is if this throws
                *this = iterator(all_->refill());
            }
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator& i, std::default_sentinel_t) { return i.at_end(); }

      private:
        [[nodiscard]] bool at_end() const { return at_ == end_; }
        lazy_results* all_ = nullptr;
        value_type* at_ = nullptr; // a copy of its own: a loop keeps that in a register
        value_type* end_ = nullptr;
    };

    explicit lazy_results(Next next) : next_(std::move(next)) {}
    ~lazy_results() = default;
    lazy_results(lazy_results&& other) noexcept
        : next_(std::move(other.next_)), at_(std::exchange(other.at_, nullptr)),
          end_(std::exchange(other.end_, nullptr)) {}
    lazy_results& operator=(lazy_results&& other) noexcept {
        next_ = std::move(other.next_);
        at_ = std::exchange(other.at_, nullptr);
        end_ = std::exchange(other.end_, nullptr);
        return *this;
    }
    lazy_results(const lazy_results&) = delete;
    lazy_results& operator=(const lazy_results&) = delete;

    /// Waits for the first result. A second call goes on to the next.
    [[nodiscard]] iterator begin() {
        if (at_ == end_ || ++at_ == end_)
            refill();
        return iterator(*this);
    }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

  private:
    lazy_results& refill() {
        at_ = end_ = nullptr;
        const std::span<typename Next::value> ready = next_();
        at_ = ready.data();
        end_ = at_ + ready.size();
        return *this;
    }
    Next next_;
    typename Next::value* at_ = nullptr; // into what next_ has
    typename Next::value* end_ = nullptr;
};

} // namespace mpimap
