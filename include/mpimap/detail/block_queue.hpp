#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

namespace mpimap::detail {

/// A queue whose elements keep their index and place from the day they come to the day they go. Indexing costs a shift
/// where std::deque divides, and blocks are used again.
template <typename T>
class block_queue {
  public:
    [[nodiscard]] std::size_t first() const noexcept { return first_; }
    [[nodiscard]] std::size_t end() const noexcept { return end_; }
    [[nodiscard]] T& operator[](std::size_t i) { return blocks_[i / size - first_ / size][i % size]; }
    [[nodiscard]] const T& operator[](std::size_t i) const { return blocks_[i / size - first_ / size][i % size]; }

    /// A default-constructed element at the end.
    void push() {
        if (end_ % size == 0 || blocks_.empty())
            blocks_.push_back(spare_ ? std::move(spare_) : std::make_unique<T[]>(size));
        (*this)[end_] = T();
        ++end_;
    }
    void pop() {
        (*this)[first_] = T();
        if (++first_ % size == 0) {
            spare_ = std::move(blocks_.front());
            blocks_.pop_front();
        }
    }

  private:
    static constexpr std::size_t size = 256;
    std::deque<std::unique_ptr<T[]>> blocks_;
    std::unique_ptr<T[]> spare_;
    std::size_t first_ = 0;
    std::size_t end_ = 0;
};

} // namespace mpimap::detail
