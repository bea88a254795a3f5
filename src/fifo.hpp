#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace mpimap::detail {

/// A queue that is mostly empty or short. Unlike std::deque it allocates nothing until it is used, which
/// matters where there is one per rank.
template <typename T>
class fifo {
  public:
    [[nodiscard]] bool empty() const noexcept { return first_ == items_.size(); }
    [[nodiscard]] std::size_t size() const noexcept { return items_.size() - first_; }
    [[nodiscard]] T& front() noexcept { return items_[first_]; }
    [[nodiscard]] const T& back() const noexcept { return items_.back(); }
    [[nodiscard]] T* begin() noexcept { return items_.data() + first_; }
    [[nodiscard]] const T* begin() const noexcept { return items_.data() + first_; }
    [[nodiscard]] T* end() noexcept { return items_.data() + items_.size(); }
    [[nodiscard]] const T* end() const noexcept { return items_.data() + items_.size(); }
    void erase(T* at) {
        items_.erase(items_.begin() + (at - items_.data()));
        if (first_ == items_.size())
            clear();
    }
    template <typename Is>
    void erase_if(const Is& is) {
        items_.erase(std::remove_if(begin(), end(), is) - items_.data() + items_.begin(), items_.end());
        if (first_ == items_.size())
            clear();
    }
    void push(T item) {
        // One that never runs empty would grow for ever.
        constexpr std::size_t enough = 16;
        if (first_ >= enough && first_ >= items_.size() - first_) {
            items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(first_));
            first_ = 0;
        }
        items_.push_back(std::move(item));
    }
    T pop() {
        T item = std::move(items_[first_]);
        drop();
        return item;
    }
    /// The first has been moved from, or is of no use.
    void drop() {
        if (++first_ == items_.size())
            clear();
    }

  private:
    void clear() {
        items_.clear();
        first_ = 0;
    }
    std::vector<T> items_;
    std::size_t first_ = 0;
};

} // namespace mpimap::detail
