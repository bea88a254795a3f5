#pragma once

// The subcommands. Each gives the exit code of the program, and throws where it cannot do what it is to.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "items.hpp"
#include "opened.hpp"
#include "output.hpp"

namespace mpimap::journal_command {

/// 2 is told by what main() catches.
enum exit_code : int { fine = 0, something_there = 1, not_possible = 2 };

struct arguments {
    std::string file;
    std::optional<std::uint64_t> call = {};
    std::string out = {}; // a file; empty for the standard output
};

int list(const arguments& what);
int verify(const arguments& what);
int failed(const arguments& what);
int missing(const arguments& what);
int csv(const arguments& what);
int html_page(const arguments& what);

/// The numbers of the calls that are asked for. Throws invalid_argument where one is not there.
[[nodiscard]] std::vector<std::uint64_t> calls_of(const opened& all, const arguments& what);
/// Throws invalid_argument where what is to be written would take the place of the journal.
void check_output(const opened& all, const arguments& what);

} // namespace mpimap::journal_command
