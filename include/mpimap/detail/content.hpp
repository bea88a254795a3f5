#pragma once

#include <compare>
#include <cstdint>

#include <mpimap/detail/stream.hpp>

namespace mpimap::detail {

/// What a function or constant is known by: 128 bits of its encoding (XXH3) and its type.
struct content {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    const void* type = nullptr;
    auto operator<=>(const content&) const = default;
};
[[nodiscard]] content content_of(const writer& encoded, const void* type);

} // namespace mpimap::detail
