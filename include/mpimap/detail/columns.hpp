#pragma once

// Each argument becomes a column: what the root reads its own items from, and what it sends for others.
//   value_type        what the function gets, as const value_type&
//   size()            the number of items, none for an argument without an end
//   cursor(i)         reads items from i on, in place
//   received          the same at a rank that was sent the items: read(), then cursor(offset)

#include <cstddef>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include <mpimap/codec.hpp>
#include <mpimap/detail/argument_traits.hpp>
#include <mpimap/detail/raw_array.hpp>
#include <mpimap/detail/received_items.hpp>

namespace mpimap::detail {

inline constexpr std::size_t checkpoint_distance = 64;

/// A forward range. `Range` is an lvalue reference type, or a value that the call keeps.
template <typename Range>
class range_column {
    using range = std::remove_reference_t<Range>;
    using iterator = std::ranges::iterator_t<range>;
    using reference = std::ranges::range_reference_t<range>;

  public:
    using value_type = std::remove_cv_t<std::ranges::range_value_t<range>>;
    static constexpr bool by_bytes = is_bytes<value_type>;
    static constexpr bool contiguous =
        std::ranges::contiguous_range<range> && std::ranges::sized_range<range>;
    static constexpr bool random_access = std::ranges::random_access_range<range>;
    static constexpr bool in_place =
        std::is_lvalue_reference_v<reference> && std::is_same_v<std::remove_cvref_t<reference>, value_type>;
    // Boost tracks objects by address: a range that shows the same object twice must send it twice.
    static constexpr bool may_repeat = in_place && !std::ranges::contiguous_range<range> &&
                                       uses_boost<value_type>() && std::is_copy_constructible_v<value_type>;
    static constexpr bool send_copies = !by_bytes && (!in_place || may_repeat);
    /// Whether something must be kept until a message has been sent.
    static constexpr bool keeps = send_copies || (by_bytes && !contiguous);
    using received = received_items<value_type>;

    static constexpr bool endless =
        std::is_same_v<std::ranges::sentinel_t<range>, std::unreachable_sentinel_t> && random_access;

    explicit range_column(Range r) : range_(std::forward<Range>(r)) {
        if constexpr (endless) {
            size_ = static_cast<std::size_t>(-1);
        } else if constexpr (std::ranges::sized_range<range> && random_access) {
            size_ = static_cast<std::size_t>(std::ranges::size(range_));
        } else {
            // No random access: remember every 64th place.
            auto it = std::ranges::begin(range_);
            const auto last = std::ranges::end(range_);
            for (; it != last; ++it, ++size_) {
                if constexpr (!random_access) {
                    if (size_ % checkpoint_distance == 0)
                        checkpoints_.push_back(it);
                }
            }
        }
    }

    [[nodiscard]] std::optional<std::size_t> size() const {
        return endless ? std::nullopt : std::optional<std::size_t>(size_);
    }

    class cursor_type {
      public:
        static constexpr bool in_memory = in_place && contiguous; // reading it runs no code of the user's
        explicit cursor_type(iterator at) : at_(std::move(at)) {}
        decltype(auto) operator*() {
            if constexpr (in_place) {
                return static_cast<const value_type&>(*at_);
            } else {
                return static_cast<value_type>(*at_);
            }
        }
        void next() { ++at_; }

      private:
        iterator at_;
    };

    [[nodiscard]] cursor_type cursor(std::size_t i) {
        if constexpr (random_access) {
            return cursor_type(std::ranges::begin(range_) +
                               static_cast<std::ranges::range_difference_t<range>>(i));
        } else {
            iterator at = i < size_ ? checkpoints_[i / checkpoint_distance] : std::ranges::begin(range_);
            if (i < size_)
                std::ranges::advance(
                    at, static_cast<std::ranges::range_difference_t<range>>(i % checkpoint_distance));
            return cursor_type(std::move(at));
        }
    }

    /// What is written at once, ahead of the items: all of a column of bytes. `at` tells how far it got if it
    /// throws.
    void write_block(writer& out, std::size_t first, std::size_t count, std::size_t& at) {
        if constexpr (by_bytes && contiguous) {
            out.heap(std::ranges::data(range_) + first, count * sizeof(value_type));
        } else if constexpr (by_bytes) {
            // As received_bytes reads it: one block, copied here since it is contiguous nowhere else.
            raw_array<value_type> block(count);
            cursor_type source = cursor(first);
            for (at = 0; at < count;) {
                const value_type& item = *source;
                std::memcpy(static_cast<void*>(block.data() + at),
                            static_cast<const void*>(std::addressof(item)), sizeof(value_type));
                if (++at < count)
                    source.next();
            }
            at = 0;
            out.heap(block.data(), count * sizeof(value_type));
            copies_ = std::move(block);
        }
    }

    /// Writes the items of a chunk one by one. Temporaries are kept until the message has been sent, since
    /// large arrays in them are sent from where they are and archives track objects by address.
    class item_writer {
      public:
        item_writer(range_column& column, std::size_t first, std::size_t count) : at_(column.cursor(first)) {
            if constexpr (send_copies)
                kept_.reserve(count);
        }
        void write_next(writer& out) {
            if constexpr (!by_bytes) {
                // The step to an item is that item's: its exception must not be blamed on the one before.
                if (started_)
                    at_.next();
                started_ = true;
                if constexpr (send_copies) {
                    write_value<value_type>(out, kept_.emplace_back(*at_));
                } else {
                    write_value<value_type>(out, *at_);
                }
            }
        }
        [[nodiscard]] std::vector<value_type> kept() { return std::move(kept_); }

      private:
        cursor_type at_;
        std::vector<value_type> kept_;
        bool started_ = false;
    };

    [[nodiscard]] raw_array<value_type> take_copies() { return std::move(copies_); }

    static constexpr std::size_t item_bytes = by_bytes ? sizeof(value_type) : 0;
    static consteval bool plain() { return contiguous && !runs_user_code<value_type>(); }

  private:
    Range range_;
    std::size_t size_ = 0;
    std::vector<iterator> checkpoints_;
    raw_array<value_type> copies_;
};

/// indices(...): computed where the items run.
class index_column {
  public:
    using value_type = std::size_t;

    explicit index_column(const index_argument& a) : first_(a.first), last_(a.last) {}

    [[nodiscard]] std::optional<std::size_t> size() const {
        return last_ ? std::optional<std::size_t>(*last_ - first_) : std::nullopt;
    }

    class cursor_type {
      public:
        static constexpr bool in_memory = true;
        explicit cursor_type(std::size_t at) : at_(at) {}
        const std::size_t& operator*() const { return at_; }
        void next() { ++at_; }

      private:
        std::size_t at_;
    };
    [[nodiscard]] cursor_type cursor(std::size_t i) const { return cursor_type(first_ + i); }

  private:
    std::size_t first_;
    std::optional<std::size_t> last_;
};

/// broadcast(x): one value, already at every rank.
template <typename T>
class constant_cursor {
  public:
    static constexpr bool in_memory = true;
    explicit constant_cursor(const T* value) : value_(value) {}
    const T& operator*() const { return *value_; }
    void next() {}

  private:
    const T* value_;
};

} // namespace mpimap::detail
