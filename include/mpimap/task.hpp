#pragma once

// What an item knows of itself.

#include <cstddef>

namespace mpimap {

/// What an item may ask about itself: taken as the first parameter, `f(mpimap::task t, double x)`.
class task {
  public:
    task(std::size_t index, int rank, int size) : index_(index), rank_(rank), size_(size) {}
    /// The item's index in the input.
    [[nodiscard]] std::size_t index() const noexcept { return index_; }
    /// The rank on which it runs, in the communicator of the call.
    [[nodiscard]] int rank() const noexcept { return rank_; }
    /// The number of ranks of that communicator.
    [[nodiscard]] int size() const noexcept { return size_; }

  private:
    std::size_t index_;
    int rank_;
    int size_;
};

} // namespace mpimap
