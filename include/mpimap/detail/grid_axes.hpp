#pragma once

// The axes of a grid. A call takes a grid apart into one argument for each of its axes (take_apart), whose
// values are sent ahead of all items, once: an item's index tells which of them is the item's.

#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <mpimap/arguments.hpp>
#include <mpimap/codec.hpp>
#include <mpimap/detail/columns.hpp>
#include <mpimap/detail/parts.hpp>
#include <mpimap/detail/received_items.hpp>
#include <mpimap/detail/root_call.hpp>
#include <mpimap/detail/served_call.hpp>
#include <mpimap/grid_shape.hpp>

namespace mpimap::detail {

/// Throws invalid_argument.
[[noreturn]] void refuse_endless_axis();

/// How many values an axis has. Passes over a range that cannot tell.
template <typename A>
[[nodiscard]] std::size_t length_of(A& axis) {
    if constexpr (traits_of<A>::is_index) {
        if (axis.last)
            return *axis.last - axis.first;
        refuse_endless_axis();
    } else if constexpr (std::same_as<std::ranges::sentinel_t<A>, std::unreachable_sentinel_t>) {
        refuse_endless_axis();
    } else {
        return static_cast<std::size_t>(std::ranges::distance(axis));
    }
}

/// One axis among the others.
struct axis_place {
    std::size_t length; // of the axis
    std::size_t stride; // so many items on end have the same value
    std::size_t items;  // of the grid
};

/// A grid, as one of its axes knows it.
class axes_together {
  public:
    virtual ~axes_together();
    /// Throws invalid_argument, and what a range throws: the root's call alone asks, which tells all ranks.
    [[nodiscard]] virtual axis_place place_of(std::size_t axis) const = 0;
};

/// One axis: a range, or indices. Shares the grid with the others.
template <typename Values>
struct axis_argument {
    using value_type = element_t<Values>;
    std::shared_ptr<const axes_together> grid;
    std::size_t number;
    Values* values;
    [[nodiscard]] axis_place place() const { return grid->place_of(number); }
};
template <typename Values>
struct argument_traits<axis_argument<Values>> : argument_traits<void> {
    static constexpr bool is_axis = true;
};
template <typename Values>
struct sent_form<axis_argument<Values>> {
    using type = axis_argument<sent_form_t<Values>>;
};

/// grid(...). Copies share what it has taken over.
template <typename... Axes>
class grid_argument {
    struct all : axes_together {
        explicit all(Axes&&... axes) : values(std::forward<Axes>(axes)...) {}
        [[nodiscard]] std::array<std::size_t, sizeof...(Axes)> lengths() const {
            return std::apply([](auto&... axis) { return std::array{length_of(axis)...}; }, values);
        }
        [[nodiscard]] axis_place place_of(std::size_t axis) const override {
            const grid_shape shape(lengths());
            return {shape.lengths()[axis], shape.stride(axis), shape.size()};
        }
        mutable std::tuple<Axes...> values; // references to lvalues, which outlive the call
    };

  public:
    explicit grid_argument(Axes&&... axes) : all_(std::make_shared<all>(std::forward<Axes>(axes)...)) {}

    /// An argument for each.
    [[nodiscard]] auto axes() const {
        return [this]<std::size_t... I>(std::index_sequence<I...>) {
            return std::tuple(axis_argument<std::remove_reference_t<Axes>>{
                all_, I, std::addressof(std::get<I>(all_->values))}...);
        }
        (std::index_sequence_for<Axes...>{});
    }
    [[nodiscard]] auto lengths() const { return all_->lengths(); }

  private:
    std::shared_ptr<all> all_;
};
template <typename... Axes>
struct argument_traits<grid_argument<Axes...>> : argument_traits<void> {
    static constexpr bool is_grid = true;
};

/// Gives each value of a column to `stride` items on end, and begins again behind the last one.
template <typename Column>
class axis_cursor {
  public:
    static constexpr bool in_memory = decltype(std::declval<Column&>().cursor(0))::in_memory;
    axis_cursor(Column& column, std::size_t length, std::size_t stride, std::size_t item)
        : column_(&column), length_(length), stride_(stride), at_(item / stride % length),
          left_(stride - item % stride), value_(column.cursor(at_)) {}
    decltype(auto) operator*() { return *value_; }
    void next() {
        if (--left_ != 0)
            return;
        left_ = stride_;
        if (++at_ == length_) {
            at_ = 0;
            value_ = column_->cursor(0);
        } else {
            value_.next();
        }
    }

  private:
    Column* column_;
    std::size_t length_;
    std::size_t stride_;
    std::size_t at_;
    std::size_t left_; // items until the next value
    decltype(std::declval<Column&>().cursor(0)) value_;
};

/// The values of an axis at the root: bounds, or an array in memory, where it is.
template <typename A>
struct axis_values {
    root_argument<A> column;
    explicit axis_values(A& axis) : column(axis) {}
};
template <typename A>
consteval bool becomes_array() {
    if constexpr (mappable_range<A>) {
        return !range_column<A&>::contiguous && std::is_move_constructible_v<element_t<A>> &&
               std::is_constructible_v<element_t<A>, std::ranges::range_reference_t<A>>;
    } else {
        return false;
    }
}
/// Any other range becomes one: what a view computes is computed once, and not for each item.
template <typename A>
    requires(becomes_array<A>())
struct axis_values<A> {
    std::vector<element_t<A>> copy;
    root_argument<std::vector<element_t<A>>> column;
    explicit axis_values(A& axis) : copy(copy_of(axis)), column(copy) {}

  private:
    static std::vector<element_t<A>> copy_of(A& axis) {
        std::vector<element_t<A>> all;
        for (auto&& value : axis)
            all.emplace_back(std::forward<decltype(value)>(value));
        return all;
    }
};

template <typename Values>
class root_argument<axis_argument<Values>> : public nothing_sent {
  public:
    static constexpr bool constant = mappable_range<Values>;
    explicit root_argument(const axis_argument<Values>& a)
        : place_(a.place()), values_(std::make_unique<axis_values<Values>>(*a.values)) {}
    [[nodiscard]] std::optional<std::size_t> size() const { return place_.items; }
    void write_bounds(writer& out) {
        values_->column.write_bounds(out);
        if constexpr (!constant)
            out.checked(place_.length, 1);
        out.checked(place_.stride, 2);
    }
    void write_common(writer& out) {
        if constexpr (constant) {
            write(out);
        } else {
            write_bounds(out);
        }
    }
    /// All values, as those of a chunk.
    void write(writer& out) const {
        out.new_archive();
        out.checked(place_.length);
        auto& column = values_->column;
        const item_range all{0, place_.length};
        std::size_t i = 0;
        column.write_block(out, all, i);
        if constexpr (std::remove_reference_t<decltype(column)>::encoded) {
            auto items = column.items(all);
            for (; i < all.count; ++i)
                items.write_next(out);
        }
    }
    [[nodiscard]] std::shared_ptr<void> in_store() const { return nullptr; }
    [[nodiscard]] static const void* type() { return &type_tag<axis_argument<element_t<Values>>>; }
    [[nodiscard]] auto cursor(std::size_t i) {
        return axis_cursor(values_->column, place_.length, place_.stride, i);
    }

  private:
    axis_place place_;
    std::unique_ptr<axis_values<Values>> values_; // stays where it is
};

template <typename Values>
class served_argument<axis_argument<Values>> {
    static constexpr bool computed = traits_of<Values>::is_index;
    struct column {
        std::conditional_t<computed, index_column, received_items<element_t<Values>>> values;
        std::size_t length = 0;
    };

  public:
    static constexpr bool constant = !computed;
    using item = element_t<Values>;
    using received = nothing_received;
    void read_bounds(reader& in) {
        if constexpr (computed) {
            const index_column indices({make_value<std::size_t>(in), {}});
            column_ = std::make_shared<column>(indices, in.checked(1));
        }
        stride_ = in.checked(2);
    }
    std::shared_ptr<void> read(reader& in) {
        in.new_archive();
        auto fresh = std::make_shared<column>();
        fresh->length = in.checked();
        fresh->values.read_block(in, fresh->length);
        fresh->values.reserve(fresh->length);
        for (std::size_t i = 0; i < fresh->length; ++i)
            fresh->values.read_item(in, i);
        column_ = fresh;
        return fresh;
    }
    void use(std::shared_ptr<void> known) { column_ = std::static_pointer_cast<column>(known); }
    [[nodiscard]] auto cursor(const received&, std::size_t first, std::size_t offset) const {
        if (stride_ == 0 || column_->length == 0) // of a grid without items
            reader::damaged();
        return axis_cursor(column_->values, column_->length, stride_, first + offset);
    }

  private:
    std::shared_ptr<const column> column_;
    std::size_t stride_ = 0;
};

} // namespace mpimap::detail
