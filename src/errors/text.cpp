#include "errors/text.hpp"

#include <algorithm>
#include <cstdio>

namespace mpimap::detail {

std::size_t fitting(std::string_view text, std::size_t most) noexcept {
    if (text.size() <= most)
        return text.size();
    constexpr std::size_t longest_character = 4;
    const auto continues = [&](std::size_t i) {
        return (static_cast<unsigned char>(text[i]) & 0xc0U) == 0x80U;
    };
    for (std::size_t back = 0; back < longest_character && back <= most; ++back) {
        if (!continues(most - back))
            return most - back;
    }
    return most; // no UTF-8
}

std::string cut_text(std::string_view text, std::size_t most, std::uint64_t whole) {
    if (whole == 0 && text.size() <= most)
        return std::string(text);
    const std::size_t n = fitting(text, most);
    std::string cut(text.substr(0, n));
    cut += "... [cut: " + std::to_string(n) + " of " +
           std::to_string(std::max<std::uint64_t>(whole, text.size())) + " bytes]";
    return cut;
}

std::string duration_text(double seconds) {
    char text[32];
    if (seconds >= 1) {
        std::snprintf(text, sizeof text, "%.3g s", seconds);
    } else if (seconds >= 1e-3) {
        std::snprintf(text, sizeof text, "%.3g ms", 1e3 * seconds);
    } else {
        std::snprintf(text, sizeof text, "%.3g us", 1e6 * seconds);
    }
    return text;
}

std::string_view text_of(const std::exception& e) noexcept {
    const char* const text = e.what();
    return text == nullptr ? std::string_view() : std::string_view(text);
}

} // namespace mpimap::detail
