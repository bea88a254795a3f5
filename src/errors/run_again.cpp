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

std::string line_to_run_again(const item_of_call& which, const command_line& started) {
    if (started.words.empty() || started.folder.empty())
        return {};
    std::string line = "cd " + quoted_for_shell(started.folder) +
                       " && MPIMAP_ONLY=" + std::to_string(which.item) +
                       " MPIMAP_CALL=" + std::to_string(which.ordinal);
    if (which.root != 0) // one rank is no such root
        line += " mpirun -n " + std::to_string(which.root + 1);
    for (const std::string& word : started.words)
        line += " " + quoted_for_shell(word);
    return line;
}

} // namespace mpimap::detail
