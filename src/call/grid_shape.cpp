#include <mpimap/grid_shape.hpp>

#include <string>

#include <mpimap/detail/grid_axes.hpp>
#include <mpimap/errors.hpp>

namespace mpimap::detail {
namespace {

std::string list(const std::size_t* numbers, std::size_t n, const char* separator) {
    std::string text;
    for (std::size_t i = 0; i < n; ++i)
        text += (i == 0 ? "" : separator) + std::to_string(numbers[i]);
    return text;
}

} // namespace

void refuse_points(const std::size_t* lengths, std::size_t axes) {
    throw invalid_argument("mpimap: a grid of " + list(lengths, axes, " x ") +
                           " has more points than can be counted: map over a part of an axis at a time");
}

void refuse_negative_length() {
    throw invalid_argument("mpimap: grid_shape: a length is negative");
}

void refuse_index(std::size_t index, std::size_t size) {
    throw invalid_argument("mpimap: grid_shape::indices: there is no item " + std::to_string(index) +
                           " in a grid of " + std::to_string(size) + " points");
}

void refuse_indices(const std::size_t* indices, const std::size_t* lengths, std::size_t axes) {
    throw invalid_argument("mpimap: grid_shape::index: there is no point (" + list(indices, axes, ", ") +
                           ") in a grid of " + list(lengths, axes, " x "));
}

axes_together::~axes_together() = default;

void refuse_endless_axis() {
    throw invalid_argument("mpimap: an axis of a grid has no end: give a range, indices(n) or indices(first, "
                           "last)");
}

} // namespace mpimap::detail
