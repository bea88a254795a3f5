#include "commands.hpp"

#include <filesystem>
#include <system_error>

#include <mpimap/errors.hpp>

namespace mpimap::journal_command {

std::vector<std::uint64_t> calls_of(const opened& all, const arguments& what) {
    std::vector<std::uint64_t> numbers;
    for (const auto& [number, call] : all.contents().calls()) {
        if (!what.call || *what.call == number)
            numbers.push_back(number);
    }
    if (what.call && numbers.empty())
        throw invalid_argument(all.path() + " has no call " + std::to_string(*what.call) + ": it has " +
                               count_text(all.contents().calls().size(), "call") +
                               ", see mpimap-journal list");
    return numbers;
}

void check_output(const opened& all, const arguments& what) {
    if (!what.out.empty() && all.has_file(what.out))
        throw invalid_argument(what.out + " is the journal itself");
}

} // namespace mpimap::journal_command
