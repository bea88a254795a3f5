#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace mpimap::detail {

/// A queue whose elements keep their index and place from the day they come to the day they go. Indexing
/// costs a shift where std::deque divides, and blocks are used again.
template <typename T>
class block_queue {
  public:
    [[nodiscard]] std::size_t first() const noexcept { return first_; }
    [[nodiscard]] std::size_t end() const noexcept { return end_; }
    [[nodiscard]] T& operator[](std::size_t i) const {
        // Neighbours are asked for one after the other.
        if (i / size != last_) {
            last_ = i / size;
            block_ = blocks_[last_ - first_ / size].get();
        }
        return block_[i % size];
    }

    /// What lies next to each other from i on.
    [[nodiscard]] std::span<T> run(std::size_t i) const {
        return i == end_ ? std::span<T>() : std::span<T>(&(*this)[i], std::min(end_ - i, size - i % size));
    }

    /// n default-constructed elements at the end.
    void push(std::size_t n) {
        while (n != 0) {
            if (end_ % size == 0 || blocks_.empty())
                blocks_.push_back(spare_ ? std::move(spare_) : std::make_unique<T[]>(size));
            const std::size_t here = std::min(n, size - end_ % size);
            T* const fresh = blocks_.back().get() + end_ % size;
            for (T& element : std::span<T>(fresh, here))
                renew(element);
            end_ += here;
            n -= here;
        }
    }
    /// At most the rest of the first block.
    void pop(std::size_t n) {
        if constexpr (!std::is_trivially_destructible_v<T>) {
            for (T& element : run(first_).first(n))
                renew(element);
        }
        first_ += n;
        if (n != 0 && first_ % size == 0) {
            spare_ = std::move(blocks_.front());
            blocks_.pop_front();
            last_ = none;
        }
    }

  private:
    /// In place: an assignment would go through a temporary.
    static void renew(T& element) noexcept {
        static_assert(std::is_nothrow_default_constructible_v<T>);
        std::destroy_at(&element);
        std::construct_at(&element);
    }
    static constexpr std::size_t size = 256;
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    mutable std::size_t last_ = none; // number of the block asked for last
    mutable T* block_ = nullptr;
    std::deque<std::unique_ptr<T[]>> blocks_;
    std::unique_ptr<T[]> spare_;
    std::size_t first_ = 0;
    std::size_t end_ = 0;
};

} // namespace mpimap::detail
