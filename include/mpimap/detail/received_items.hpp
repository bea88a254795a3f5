#pragma once

// The items of a column at a rank that was sent them: read(), then cursor(offset).

#include <cstddef>
#include <type_traits>
#include <vector>

#include <mpimap/codec.hpp>
#include <mpimap/detail/raw_array.hpp>

namespace mpimap::detail {

template <typename T>
class pointer_cursor {
  public:
    static constexpr bool in_memory = true;
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

template <typename T>
using received_items = std::conditional_t<is_bytes<T>, received_bytes<T>, received_values<T>>;

} // namespace mpimap::detail
