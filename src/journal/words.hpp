#pragma once

// What records hold: words and texts, one behind the other.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include <mpimap/detail/buffer.hpp>
#include <mpimap/errors.hpp>

namespace mpimap::detail::journal {

inline void append_word(buffer& out, std::uint64_t word) {
    out.append(&word, sizeof word);
}
inline void append_number(buffer& out, double number) {
    out.append(&number, sizeof number);
}
inline void append_text(buffer& out, const std::string& text) {
    append_word(out, text.size());
    out.append(text.data(), text.size());
}

/// Throws serialization_error where there is less than is asked for.
class word_cursor {
  public:
    explicit word_cursor(std::span<const std::byte> bytes) : left_(bytes) {}

    std::span<const std::byte> bytes(std::uint64_t size) {
        if (size > left_.size())
            throw serialization_error("mpimap: a record of a journal is too short");
        const auto all = left_.first(static_cast<std::size_t>(size));
        left_ = left_.subspan(all.size());
        return all;
    }
    template <typename T>
    T number() {
        T value{};
        std::memcpy(&value, bytes(sizeof value).data(), sizeof value);
        return value;
    }
    std::uint64_t word() { return number<std::uint64_t>(); }
    /// Of things that take at least so many bytes each.
    std::size_t count(std::size_t least) {
        const std::uint64_t n = word();
        if (n > left_.size() / least)
            throw serialization_error("mpimap: a record of a journal is too short");
        return static_cast<std::size_t>(n);
    }
    /// As far as there are so many.
    void skip(std::uint64_t size) { left_ = left_.subspan(std::min<std::uint64_t>(size, left_.size())); }
    [[nodiscard]] bool empty() const noexcept { return left_.empty(); }
    std::string text() {
        const auto all = bytes(word());
        return {reinterpret_cast<const char*>(all.data()), all.size()};
    }

  private:
    std::span<const std::byte> left_;
};

} // namespace mpimap::detail::journal
