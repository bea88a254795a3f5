#pragma once

// Text for where no memory may be asked for, such as the handler of a signal: what does not fit is cut.

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace mpimap::detail {

class short_text {
  public:
    /// In this memory.
    template <std::size_t N>
    explicit short_text(char (&memory)[N]) noexcept : text_(memory), most_(N) {}

    short_text& add(std::string_view text) noexcept {
        const std::size_t n = text.size() < room() ? text.size() : room();
        std::memcpy(text_ + size_, text.data(), n);
        size_ += n;
        return *this;
    }
    /// As a stream writes it, but for floating point: as many digits as tell it from its neighbours.
    template <typename T>
    requires std::is_arithmetic_v<T> short_text& add(T value) noexcept {
        char digits[64];
        std::to_chars_result end{};
        if constexpr (std::same_as<T, char> || std::same_as<T, signed char> ||
                      std::same_as<T, unsigned char>) {
            digits[0] = static_cast<char>(value);
            end.ptr = digits + 1;
        } else if constexpr (std::same_as<T, long double>) {
            end = std::to_chars(digits, digits + sizeof digits,
                                static_cast<double>(value)); // the rest asks for memory
        } else if constexpr (std::floating_point<T>) {
            end = std::to_chars(digits, digits + sizeof digits, value);
        } else if constexpr (std::is_signed_v<T>) {
            end = std::to_chars(digits, digits + sizeof digits, static_cast<long long>(value));
        } else {
            end = std::to_chars(digits, digits + sizeof digits, static_cast<unsigned long long>(value));
        }
        return add(std::string_view(digits, static_cast<std::size_t>(end.ptr - digits)));
    }
    [[nodiscard]] std::string_view view() const noexcept { return {text_, size_}; }
    [[nodiscard]] std::size_t room() const noexcept { return most_ - size_; }

  private:
    char* text_;
    std::size_t most_;
    std::size_t size_ = 0;
};

} // namespace mpimap::detail
