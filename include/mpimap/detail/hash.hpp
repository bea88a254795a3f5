#pragma once

#include <cstdint>

namespace mpimap::detail {

/// FNV-1a.
constexpr std::uint64_t hash_text(const char* text, std::uint64_t hash = 14695981039346656037ULL) {
    for (; *text != '\0'; ++text)
        hash = (hash ^ static_cast<unsigned char>(*text)) * 1099511628211ULL;
    return hash;
}

} // namespace mpimap::detail
