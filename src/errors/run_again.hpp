#pragma once

// How an item that failed is run again, by itself.

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "command_line.hpp"

namespace mpimap::detail {

/// A word as a shell reads it.
[[nodiscard]] std::string quoted_for_shell(std::string_view word);

/// An item of a call of the program, with the rank that makes the call.
struct item_of_call {
    std::uint64_t item = 0;
    std::uint64_t ordinal = 0;
    int root = 0;
};

/// The line that does it: what is the same for all items, made beforehand.
class line_to_run_again {
  public:
    /// Of a program that was started so.
    explicit line_to_run_again(const command_line& started);
    /// Whether that is known: otherwise there is no line.
    [[nodiscard]] bool is_known() const noexcept { return !before_.empty(); }

    /// Calls `put(text)` with the line, piece by piece; asks for no memory.
    template <typename Put>
    void write(const item_of_call& which, const Put& put) const {
        put(before_);
        put(digits(which.item).view());
        put(" MPIMAP_CALL=");
        put(digits(which.ordinal).view());
        if (which.root != 0) { // one rank is no such root
            put(" mpirun -n ");
            put(digits(static_cast<std::uint64_t>(which.root) + 1).view());
        }
        put(after_);
    }
    /// Empty where it is not known.
    [[nodiscard]] std::string text(const item_of_call& which) const;

  private:
    struct digits {
        explicit digits(std::uint64_t n) noexcept : end(std::to_chars(text, text + sizeof text, n).ptr) {}
        [[nodiscard]] std::string_view view() const noexcept {
            return {text, static_cast<std::size_t>(end - text)};
        }
        char text[20];
        const char* end;
    };
    std::string before_;
    std::string after_;
};

} // namespace mpimap::detail
