#pragma once

// Ranks that have died in items of a call with a journal: a file beside it, to which each that dies adds a
// line.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace mpimap::detail {

struct deaths_of_item {
    std::size_t count = 0;
    int rank = 0; // of the last one, as all else
    std::string host;
    std::string cause; // "dies by SIGSEGV"
};

[[nodiscard]] std::string deaths_file(const std::string& journal);
/// What a line of that journal and call begins with.
[[nodiscard]] std::string death_of(std::uint64_t journal, std::uint64_t call);
/// By item, those of a call; lines that are not whole do not count.
[[nodiscard]] std::map<std::size_t, deaths_of_item> read_deaths(const std::string& journal_path,
                                                                std::uint64_t journal, std::uint64_t call);

} // namespace mpimap::detail
