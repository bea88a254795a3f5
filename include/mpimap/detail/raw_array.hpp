#pragma once

// Memory whose objects come as bytes.

#include <cstddef>
#include <memory>
#include <utility>

namespace mpimap::detail {

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

} // namespace mpimap::detail
