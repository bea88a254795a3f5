#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

namespace mpimap::detail {

/// Bytes that grow at the end. Unlike std::vector it does not zero what is about to be overwritten.
class buffer {
  public:
    buffer() = default;
    explicit buffer(std::size_t size) { resize(size); }
    buffer(buffer&& other) noexcept
        : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    buffer& operator=(buffer&& other) noexcept {
        data_ = std::move(other.data_);
        size_ = std::exchange(other.size_, 0);
        capacity_ = std::exchange(other.capacity_, 0);
        return *this;
    }

    [[nodiscard]] std::byte* data() noexcept { return data_.get(); }
    [[nodiscard]] const std::byte* data() const noexcept { return data_.get(); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    void append(const void* bytes, std::size_t size) {
        if (size > capacity_ - size_)
            grow(size);
        if (size != 0)
            std::memcpy(data_.get() + size_, bytes, size);
        size_ += size;
    }

    /// New bytes are left uninitialised.
    void resize(std::size_t size) {
        if (size > capacity_)
            grow(size - size_);
        size_ = size;
    }

    void clear() noexcept { size_ = 0; }

  private:
    struct release {
        void operator()(std::byte* p) const noexcept { std::free(p); }
    };

    void grow(std::size_t more) {
        if (more > static_cast<std::size_t>(-1) / 2 - size_)
            throw std::bad_alloc();
        std::size_t capacity = size_ + more;
        if (capacity < 2 * capacity_)
            capacity = 2 * capacity_;
        if (capacity < 64)
            capacity = 64;
        // realloc can move whole pages of a large block without copying them; malloc aligns for every
        // ordinary type.
        void* grown = std::realloc(data_.get(), capacity);
        if (grown == nullptr)
            throw std::bad_alloc();
        (void)data_.release();
        data_.reset(static_cast<std::byte*>(grown));
        capacity_ = capacity;
    }

    std::unique_ptr<std::byte, release> data_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

} // namespace mpimap::detail
