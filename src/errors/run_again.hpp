#pragma once

// How an item that failed is run again, by itself.

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

/// The line that does it, of a program that was started so; empty where that is not known.
[[nodiscard]] std::string line_to_run_again(const item_of_call& which, const command_line& started);

} // namespace mpimap::detail
