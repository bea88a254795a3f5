#pragma once

// Where lazy maps read an argument from.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>

#include <mpimap/arguments.hpp>
#include <mpimap/detail/item_store.hpp>
#include <mpimap/detail/pointer_scan.hpp>

namespace mpimap::detail {

/// Whether reading many elements at a time is the same as one by one: nothing can throw or wait in between.
template <typename Range>
inline constexpr bool reads_in_bulk = std::ranges::contiguous_range<Range>&& std::ranges::sized_range<Range>;
template <std::integral I, std::integral End>
inline constexpr bool reads_in_bulk<std::ranges::iota_view<I, End>> = true;

/// A range, read item by item or many at a time.
template <typename A>
class source {
    using range = std::remove_reference_t<A>;

  public:
    using value = std::remove_cv_t<std::ranges::range_value_t<range>>;
    using column = items_of<value>;
    using checked = std::deque<value>; // a range of such items
    static constexpr bool reads = true;
    static constexpr bool in_bulk =
        reads_in_bulk<std::remove_cv_t<range>> && !is_searched<value> &&
        std::is_nothrow_constructible_v<value, std::ranges::range_reference_t<range>>;

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
    [[nodiscard]] bool at_end() {
        step();
        return *at_ == std::ranges::end(range_);
    }
    /// The next item, where there is one.
    decltype(auto) read() {
        fresh_ = false;
        return **at_;
    }

    /// How many may be copied at once.
    [[nodiscard]] std::size_t left() {
        step();
        return static_cast<std::size_t>(std::ranges::end(range_) - *at_);
    }
    void copy(std::size_t n, value* to) noexcept {
        std::uninitialized_copy_n(*at_, n, to);
        *at_ += static_cast<std::ranges::range_difference_t<range>>(n);
    }

  private:
    /// The step to an item is taken when the item is asked for, so that no more is read than is asked for.
    void step() {
        if (!at_) {
            at_.emplace(std::ranges::begin(range_));
        } else if (!fresh_) {
            fresh_ = true;
            ++*at_;
        }
    }

    A range_; // a reference to an lvalue
    std::optional<std::ranges::iterator_t<range>> at_;
    bool fresh_ = true;
};

/// Constants, indices, axes of a grid: nothing to read.
template <sent_ahead A>
class source<A> {
  public:
    using column = std::remove_cvref_t<A>;
    using checked = column;
    static constexpr bool reads = false;
    static constexpr bool in_bulk = true;

    explicit source(A&& a) : argument_(std::forward<A>(a)) {
        if constexpr (traits_of<A>::is_index) {
            if (argument_.last)
                left_ = *argument_.last - argument_.first;
        } else if constexpr (traits_of<A>::is_axis) {
            left_ = argument_.place().items;
        }
    }
    [[nodiscard]] column make_column() { return argument_; }
    [[nodiscard]] std::optional<std::size_t> size() const { return left_; }
    [[nodiscard]] bool has_end() const { return left_.has_value(); }
    [[nodiscard]] bool at_end() const { return left_ && *left_ == 0; }
    void read() { count_off(1); }
    [[nodiscard]] std::size_t left() const { return left_.value_or(static_cast<std::size_t>(-1)); }
    void count_off(std::size_t n) {
        if (left_)
            *left_ -= n;
    }

  private:
    column argument_;
    std::optional<std::size_t> left_;
};

template <typename A>
concept lazy_argument = sent_ahead<A> || std::ranges::input_range<std::remove_reference_t<A>>;

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

} // namespace mpimap::detail
