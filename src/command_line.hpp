#pragma once

#include <string>
#include <vector>

namespace mpimap::detail {

/// How this process was started.
struct command_line {
    std::vector<std::string> words; // the program's name is the first
    std::string folder;             // empty if unknown, as the words are
};

/// Read before main may change it: the working directory, the memory of argv.
[[nodiscard]] const command_line& started_as();

} // namespace mpimap::detail
