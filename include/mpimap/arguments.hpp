#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <ostream>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <mpimap/codec.hpp>
#include <mpimap/errors.hpp>

namespace mpimap {

namespace detail {

/// What a call at its root needs of a constant.
template <typename T>
struct constant {
    const T* value;
    std::shared_ptr<const void> keep = {}; // what it lives in, unless the caller sees to that
    std::shared_ptr<void> in_store = {};   // set where a pool's ranks have it already
};

template <typename T>
struct broadcast_argument {
    using value_type = std::remove_cvref_t<T>;
    T value; // a reference to an lvalue, which outlives the call, or the value itself
    [[nodiscard]] constant<value_type> as_constant() const { return {std::addressof(value)}; }
};

struct index_argument {
    std::size_t first = 0;
    std::optional<std::size_t> last = {};
};

} // namespace detail

namespace detail {

template <typename T>
concept has_output_operator = requires(std::ostream& out, const T& value) {
    out << value;
};

/// A range, whose operator may be one for ranges of anything, is printed if its elements are.
template <typename T>
consteval bool can_be_printed() {
    if constexpr (std::is_pointer_v<T> || !has_output_operator<T>) {
        return false;
    } else if constexpr (std::ranges::input_range<const T>) {
        using element = std::remove_cvref_t<std::ranges::range_reference_t<const T>>;
        if constexpr (std::is_same_v<element, T>) {
            return true; // a path
        } else {
            return can_be_printed<element>();
        }
    } else {
        return true;
    }
}

} // namespace detail

/// Whether errors show an argument by its `operator<<`. Set it to false for a type whose operator is
/// declared, but does not compile or writes too much.
///
///     template <> inline constexpr bool mpimap::is_printable<mesh> = false;
template <typename T>
inline constexpr bool is_printable = detail::can_be_printed<T>();

/// One value for all items: sent to every rank once per call, by broadcast, and passed to the function as
/// `const T&`. In a pool sent to each rank that runs items, unless the same content is there from earlier
/// calls.
///
/// An lvalue is referred to and must not change during the call; the root's own items read it in place.
template <typename T>
[[nodiscard]] auto broadcast(T&& value) {
    return detail::broadcast_argument<T>{std::forward<T>(value)};
}

/// The numbers 0, 1, ... n-1 as `std::size_t`: the index is the argument. Bounds are sent, not numbers.
[[nodiscard]] inline detail::index_argument indices(std::size_t n) {
    return {0, n};
}
/// The numbers first, ... last-1. Throws invalid_argument on the calling rank if last < first.
[[nodiscard]] inline detail::index_argument indices(std::size_t first, std::size_t last) {
    if (last < first)
        throw invalid_argument("mpimap: indices(first, last): last is less than first");
    return {first, last};
}
/// The numbers 0, 1, ... as long as the other arguments are.
[[nodiscard]] inline detail::index_argument indices() {
    return {};
}

namespace detail {

// Each argument becomes a column: what the root reads its own items from, and what it sends for others.
//   value_type        what the function gets, as const value_type&
//   size()            the number of items, none for an argument without an end
//   cursor(i)         reads items from i on, in place
//   received          the same at a rank that was sent the items: read(), then cursor(offset)

inline constexpr std::size_t checkpoint_distance = 64;

/// Memory for n objects whose values come as bytes. Never initialised, never destroyed.
template <typename T>
class raw_array {
  public:
    raw_array() = default;
    explicit raw_array(std::size_t n) : data_(std::allocator<T>().allocate(n)), size_(n) {}
    raw_array(raw_array&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    raw_array& operator=(raw_array&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~raw_array() {
        if (data_ != nullptr)
            std::allocator<T>().deallocate(data_, size_);
    }
    [[nodiscard]] T* data() const noexcept { return data_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  private:
    T* data_ = nullptr;
    std::size_t size_ = 0;
};

template <typename T>
class pointer_cursor {
  public:
    explicit pointer_cursor(const T* at) : at_(at) {}
    const T& operator*() const { return *at_; }
    void next() { ++at_; }

  private:
    const T* at_;
};

/// Items of a column that travelled as bytes.
template <typename T>
class received_bytes {
  public:
    static constexpr bool reusable = true;
    void read_block(reader& in, std::size_t count) {
        if (items_.size() < count)
            items_ = raw_array<T>(count);
        in.heap(static_cast<void*>(items_.data()), count * sizeof(T));
    }
    void read_item(reader&, std::size_t) {}
    void reserve(std::size_t) {}
    [[nodiscard]] pointer_cursor<T> cursor(std::size_t offset) const {
        return pointer_cursor<T>(items_.data() + offset);
    }

  private:
    raw_array<T> items_;
};

/// Items that were decoded one by one, in storage that does not move.
template <typename T>
class received_values {
  public:
    /// Whether the items of another chunk can be read into these, and their memory be used again. Code of the
    /// user's may ask for fresh objects.
    static constexpr bool reusable = read_in_place<T> && !runs_user_code<T>();
    void read_block(reader&, std::size_t) {}
    void reserve(std::size_t count) {
        if constexpr (read_in_place<T>) {
            if (items_.size() < count)
                items_ = std::vector<T>(count);
        } else {
            items_.reserve(count);
        }
    }
    void read_item(reader& in, std::size_t i) {
        if constexpr (read_in_place<T>) {
            read_value(in, items_[i]);
        } else {
            items_.push_back(make_value<T>(in));
        }
    }
    [[nodiscard]] pointer_cursor<T> cursor(std::size_t offset) const {
        return pointer_cursor<T>(items_.data() + offset);
    }

  private:
    std::vector<T> items_;
};

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
    using received = std::conditional_t<by_bytes, received_bytes<value_type>, received_values<value_type>>;

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
    explicit constant_cursor(const T* value) : value_(value) {}
    const T& operator*() const { return *value_; }
    void next() {}

  private:
    const T* value_;
};

template <typename A>
struct argument_traits {
    static constexpr bool is_broadcast = false;
    static constexpr bool is_index = false;
};
template <typename T>
struct argument_traits<broadcast_argument<T>> {
    static constexpr bool is_broadcast = true;
    static constexpr bool is_index = false;
};
template <>
struct argument_traits<index_argument> {
    static constexpr bool is_broadcast = false;
    static constexpr bool is_index = true;
};

template <typename A>
using traits_of = argument_traits<std::remove_cvref_t<A>>;

template <typename A>
concept mappable_range = !traits_of<A>::is_broadcast && !traits_of<A>::is_index &&
                         std::ranges::forward_range<std::remove_reference_t<A>>;
template <typename A>
concept map_argument = traits_of<A>::is_broadcast || traits_of<A>::is_index || mappable_range<A>;

/// The type of what the function gets from argument A, without const and reference.
template <typename A>
struct element {
    using type = void;
};
template <mappable_range A>
struct element<A> {
    using type = std::remove_cv_t<std::ranges::range_value_t<std::remove_reference_t<A>>>;
};
template <typename A>
    requires(traits_of<A>::is_broadcast)
struct element<A> {
    using type = typename std::remove_cvref_t<A>::value_type;
};
template <typename A>
    requires(traits_of<A>::is_index)
struct element<A> {
    using type = std::size_t;
};
template <typename A>
using element_t = typename element<A>::type;

} // namespace detail
} // namespace mpimap
