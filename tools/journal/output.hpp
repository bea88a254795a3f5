#pragma once

// What the command writes, and the pieces of text that it is made of.

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include <mpimap/detail/job.hpp>

namespace mpimap::journal_command {

/// To the standard output, or to a file. Errors are thrown as std::runtime_error.
class output {
  public:
    /// An empty path is the standard output.
    explicit output(const std::string& path = {});
    enum to_standard_error { standard_error };
    explicit output(to_standard_error) : file_(stderr) {}
    ~output();
    output(const output&) = delete;
    output& operator=(const output&) = delete;

    output& operator<<(std::string_view text) {
        text_ += text;
        if (text_.size() >= enough)
            write();
        return *this;
    }
    output& operator<<(char c) { return *this << std::string_view(&c, 1); }
    output& operator<<(std::integral auto number) {
        char digits[24];
        return *this << std::string_view(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
    }
    /// All of it is there when this returns.
    void finish();

  private:
    static constexpr std::size_t enough = std::size_t{1} << 18U;
    void write();
    [[noreturn]] void fail() const;

    std::string path_;
    std::FILE* file_;
    std::string text_;
};

/// A line on the standard error.
void remark(std::string_view text);

/// "3,117-120", as MPIMAP_ONLY takes it.
class range_list {
  public:
    explicit range_list(output& out) : out_(out) {}
    void add(detail::item_range items);
    [[nodiscard]] bool empty() const noexcept { return empty_; }

  private:
    output& out_;
    bool empty_ = true;
};

/// What the library throws begins with its own name, and what is told of it with another.
[[nodiscard]] std::string_view without_name(std::string_view text);
/// A type without what its name says too much: "std::string".
[[nodiscard]] std::string shown_type(const std::string& name);
/// "1 item", "2 items".
[[nodiscard]] std::string count_text(std::size_t n, std::string_view what);
/// "12.3 MB".
[[nodiscard]] std::string bytes_text(std::size_t bytes);
/// Local time, to the second; empty where that is no time.
[[nodiscard]] std::string date_text(double since_1970);

/// The shortest text that gives the same number again.
template <std::floating_point T>
void append_number(std::string& to, T number) {
    char digits[64];
    to.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}
/// With nine digits.
void append_seconds(std::string& to, double seconds);

/// For a terminal: what would move its cursor or change its colours is shown as a number.
[[nodiscard]] std::string printable(std::string_view text);
/// For a page, as a text or an attribute. What is no UTF-8 is replaced.
[[nodiscard]] std::string html(std::string_view text);
/// A field of RFC 4180, in quotes where it needs them.
void append_csv(std::string& to, std::string_view text);

} // namespace mpimap::journal_command
