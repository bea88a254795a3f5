#include "output.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <ctime>
#include <stdexcept>

namespace mpimap::journal_command {

// ---------------------------------------------------------------- files

output::output(const std::string& path)
    : path_(path), file_(path.empty() ? stdout : std::fopen(path.c_str(), "we")) {
    if (file_ == nullptr)
        fail();
}

output::~output() {
    if (file_ != nullptr && file_ != stdout && file_ != stderr)
        std::fclose(file_);
}

void output::write() {
    if (std::fwrite(text_.data(), 1, text_.size(), file_) != text_.size())
        fail();
    text_.clear();
}

void output::finish() {
    write();
    if (std::fflush(file_) != 0)
        fail();
}

void output::fail() const {
    throw std::runtime_error((path_.empty() ? "the standard output" : path_) +
                             " cannot be written: " + std::strerror(errno));
}

void remark(std::string_view text) {
    std::fprintf(stderr, "mpimap-journal: %.*s\n", static_cast<int>(text.size()), text.data());
}

void range_list::add(detail::item_range items) {
    if (!empty_)
        out_ << ',';
    empty_ = false;
    out_ << items.first;
    if (items.count > 1)
        out_ << '-' << items.end() - 1;
}

// ---------------------------------------------------------------- numbers

std::string count_text(std::size_t n, std::string_view what) {
    return std::to_string(n) + " " + std::string(what) + (n == 1 ? "" : "s");
}

std::string bytes_text(std::size_t bytes) {
    static constexpr std::array<const char*, 6> units{"B", "kB", "MB", "GB", "TB", "PB"};
    if (bytes < 1000)
        return std::to_string(bytes) + " B";
    auto number = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; number >= 999.5 && unit + 1 < units.size(); ++unit)
        number /= 1000;
    char text[32];
    std::snprintf(text, sizeof text, "%.3g %s", number, units[unit]);
    return text;
}

std::string date_text(double since_1970) {
    constexpr double year_9999 = 253402300799.0;
    if (!(since_1970 > 0 && since_1970 < year_9999))
        return {};
    const auto seconds = static_cast<std::time_t>(since_1970);
    std::tm parts{};
    char text[32];
    if (::localtime_r(&seconds, &parts) == nullptr)
        return {};
    return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts)};
}

void append_seconds(std::string& to, double seconds) {
    constexpr int digits = 9;
    char text[32];
    to.append(text, std::to_chars(text, text + sizeof text, seconds, std::chars_format::general, digits).ptr);
}

// ---------------------------------------------------------------- texts

std::string_view without_name(std::string_view text) {
    constexpr std::string_view name = "mpimap: ";
    return text.starts_with(name) ? text.substr(name.size()) : text;
}

std::string shown_type(const std::string& name) {
    constexpr std::array<std::string_view, 2> whole{
        "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >",
        "std::basic_string<char, std::char_traits<char>, std::allocator<char> >"};
    std::string shown = name;
    for (const std::string_view text : whole) {
        for (std::size_t at = shown.find(text); at != std::string::npos; at = shown.find(text, at))
            shown.replace(at, text.size(), "std::string");
    }
    return shown;
}

std::string printable(std::string_view text) {
    constexpr auto is_harmless = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; };
    std::string shown;
    for (const char c : text) {
        if (is_harmless(c) || c == '\n' || c == '\t') {
            shown += c;
        } else {
            char number[8];
            std::snprintf(number, sizeof number, "\\x%02x",
                          static_cast<unsigned>(static_cast<unsigned char>(c)));
            shown += number;
        }
    }
    return shown;
}

namespace {

/// How many bytes the character in UTF-8 at the beginning has; 0 where there is none.
std::size_t character_length(std::string_view text) noexcept {
    const auto at = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = at(0);
    if (first < 0x80)
        return 1;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || length > text.size())
        return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((at(i) & 0xc0U) != 0x80U)
            return 0;
    }
    const bool is_longer_than_needed = (first == 0xe0 && at(1) < 0xa0) || (first == 0xf0 && at(1) < 0x90);
    const bool is_none = (first == 0xed && at(1) >= 0xa0) || (first == 0xf4 && at(1) >= 0x90);
    return is_longer_than_needed || is_none ? 0 : length;
}

} // namespace

std::string html(std::string_view text) {
    constexpr std::string_view replacement = "\xef\xbf\xbd";
    std::string shown;
    while (!text.empty()) {
        const std::size_t length = character_length(text);
        const char c = text.front();
        if (length == 0 || (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f) {
            shown += replacement;
        } else if (c == '&') {
            shown += "&amp;";
        } else if (c == '<') {
            shown += "&lt;";
        } else if (c == '>') {
            shown += "&gt;";
        } else if (c == '"') {
            shown += "&quot;";
        } else if (c == '\'') {
            shown += "&#39;";
        } else {
            shown += text.substr(0, length);
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return shown;
}

void append_csv(std::string& to, std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
        to += text;
        return;
    }
    to += '"';
    for (const char c : text) {
        if (c == '"')
            to += '"';
        to += c;
    }
    to += '"';
}

} // namespace mpimap::journal_command
