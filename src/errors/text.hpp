#pragma once

// The texts of exceptions: users write them, and they travel to every rank, so all have a bound.

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

namespace mpimap::detail {

/// In bytes: the text of an exception, its type, and how much of a text the summary of a map_error shows.
constexpr std::size_t longest_text = 16 * 1024;
constexpr std::size_t longest_type = 1024;
constexpr std::size_t longest_shown = 4 * 1024;
/// A summary, or what another rank is told of a whole call.
constexpr std::size_t longest_summary = 64 * 1024;

/// How much of it fits into `most` bytes without a part of a character in UTF-8 at the end.
[[nodiscard]] std::size_t fitting(std::string_view text, std::size_t most) noexcept;

/// The text itself, or as much of it as fits and how long it was: `whole`, where it has been cut before.
[[nodiscard]] std::string cut_text(std::string_view text, std::size_t most, std::uint64_t whole = 0);

/// With three digits, and the unit that suits: "1.25 s", "80 ms".
[[nodiscard]] std::string duration_text(double seconds);

/// Of an exception whose what() may be a null pointer: empty then.
[[nodiscard]] std::string_view text_of(const std::exception& e) noexcept;

} // namespace mpimap::detail
