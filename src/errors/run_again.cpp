#include "errors/run_again.hpp"

namespace mpimap::detail {

std::string quoted_for_shell(std::string_view word) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+:,./-=";
    if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos)
        return std::string(word);
    std::string text = "'";
    for (const char c : word) {
        if (c == '\'') {
            text += "'\\''";
        } else {
            text += c;
        }
    }
    return text + "'";
}

line_to_run_again::line_to_run_again(const command_line& started) {
    if (started.words.empty() || started.folder.empty())
        return;
    before_ = "cd " + quoted_for_shell(started.folder) + " && MPIMAP_ONLY=";
    for (const std::string& word : started.words)
        after_ += " " + quoted_for_shell(word);
}

std::string line_to_run_again::text(const item_of_call& which) const {
    std::string line;
    if (is_known())
        write(which, [&line](std::string_view piece) { line += piece; });
    return line;
}

} // namespace mpimap::detail
