#pragma once

#include <source_location>
#include <stdexcept>
#include <string>

// An exception that leaves main ends the job on all ranks, with rank and text printed by mpimap::environment;
// so one rank with a wrong answer is enough to make the program fail.
inline void check(bool condition, const std::string& what,
                  std::source_location where = std::source_location::current()) {
    if (!condition) {
        throw std::logic_error(std::string(where.file_name()) + ":" + std::to_string(where.line()) +
                               ": this does not hold: " + what);
    }
}
