#include "command_line.hpp"

#include <filesystem>
#include <fstream>
#include <system_error>

namespace mpimap::detail {
namespace {

command_line read_command_line() {
    command_line c;
    std::ifstream file("/proc/self/cmdline", std::ios::binary);
    for (std::string word; std::getline(file, word, '\0');)
        c.words.push_back(word);
    std::error_code unknown;
    c.folder = std::filesystem::current_path(unknown).string();
    return c;
}

[[maybe_unused]] const command_line& at_start = started_as(); // ahead of main

} // namespace

const command_line& started_as() {
    static const command_line c = read_command_line();
    return c;
}

} // namespace mpimap::detail
