#pragma once

// Which point of a grid an item is.

#include <array>
#include <concepts>
#include <cstddef>
#include <limits>
#include <type_traits>

namespace mpimap {

namespace detail {

template <typename... Axes>
class grid_argument;

// These throw invalid_argument.
[[noreturn]] void refuse_points(const std::size_t* lengths, std::size_t axes);
[[noreturn]] void refuse_negative_length();
[[noreturn]] void refuse_index(std::size_t index, std::size_t size);
[[noreturn]] void refuse_indices(const std::size_t* indices, const std::size_t* lengths, std::size_t axes);

template <std::integral I>
constexpr std::size_t length_of_axis(I n) {
    if constexpr (std::is_signed_v<I>) {
        if (n < 0)
            refuse_negative_length();
    }
    return static_cast<std::size_t>(n);
}

} // namespace detail

/// The lengths of the axes of a grid: turns the index of an item into one index per axis, and back. The last
/// axis is the fastest, as in a C array.
///
///     const mpimap::grid_shape shape(3, 4, 5); // or of a grid: shape(mpimap::grid(xs, ys, zs))
///     auto [i, j, k] = shape.indices(27);      // 1, 1, 2
///     shape.index(i, j, k);                    // 27
///
/// Costs a division per axis one way and a multiplication the other. Constant expressions, where the lengths
/// are.
template <std::size_t Axes>
    requires(Axes != 0)
class grid_shape {
  public:
    /// Throws invalid_argument, naming the lengths, if there are more points than a std::size_t can count.
    constexpr explicit grid_shape(const std::array<std::size_t, Axes>& lengths) : lengths_(lengths) {
        for (const std::size_t n : lengths_) {
            if (n == 0) {
                size_ = 0; // without points on one axis there are none
                return;
            }
        }
        for (const std::size_t n : lengths_) {
            if (size_ > std::numeric_limits<std::size_t>::max() / n)
                detail::refuse_points(lengths_.data(), Axes);
            size_ *= n;
        }
    }
    /// The same of integers, none of them negative.
    template <std::integral... Lengths>
        requires(sizeof...(Lengths) == Axes)
    constexpr explicit grid_shape(Lengths... lengths)
        : grid_shape(std::array<std::size_t, Axes>{detail::length_of_axis(lengths)...}) {}
    /// That of a grid whose axes are as long as they are now.
    template <typename... Ranges>
        requires(sizeof...(Ranges) == Axes)
    explicit grid_shape(const detail::grid_argument<Ranges...>& grid) : grid_shape(grid.lengths()) {}

    /// The number of points.
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    [[nodiscard]] constexpr const std::array<std::size_t, Axes>& lengths() const noexcept { return lengths_; }
    /// How far apart items are that are neighbours on an axis.
    [[nodiscard]] constexpr std::size_t stride(std::size_t axis) const noexcept {
        std::size_t product = 1;
        while (++axis < Axes)
            product *= lengths_[axis];
        return product;
    }

    /// Where on each axis an item is. Throws invalid_argument if there is no such item.
    [[nodiscard]] constexpr std::array<std::size_t, Axes> indices(std::size_t index) const {
        if (index >= size_)
            detail::refuse_index(index, size_);
        std::array<std::size_t, Axes> all{};
        for (std::size_t axis = Axes; axis-- != 0; index /= lengths_[axis])
            all[axis] = index % lengths_[axis];
        return all;
    }
    /// The index of the item at that place. Throws invalid_argument if there is none.
    [[nodiscard]] constexpr std::size_t index(const std::array<std::size_t, Axes>& indices) const {
        std::size_t all = 0;
        for (std::size_t axis = 0; axis != Axes; ++axis) {
            if (indices[axis] >= lengths_[axis])
                detail::refuse_indices(indices.data(), lengths_.data(), Axes);
            all = all * lengths_[axis] + indices[axis];
        }
        return all;
    }
    template <std::integral... Indices>
        requires(sizeof...(Indices) == Axes)
    [[nodiscard]] constexpr std::size_t index(Indices... indices) const {
        return index(std::array<std::size_t, Axes>{static_cast<std::size_t>(indices)...});
    }

    [[nodiscard]] bool operator==(const grid_shape&) const = default;

  private:
    std::array<std::size_t, Axes> lengths_;
    std::size_t size_ = 1;
};

template <std::integral... Lengths>
grid_shape(Lengths...) -> grid_shape<sizeof...(Lengths)>;
template <typename... Ranges>
grid_shape(const detail::grid_argument<Ranges...>&) -> grid_shape<sizeof...(Ranges)>;

} // namespace mpimap
