#include "kept/deaths.hpp"

#include <cstdio>
#include <fstream>
#include <sstream>

namespace mpimap::detail {

std::string deaths_file(const std::string& journal) {
    return journal + ".died";
}

std::string death_of(std::uint64_t journal, std::uint64_t call) {
    char text[64] = {};
    std::snprintf(text, sizeof text, "%llx %llu", static_cast<unsigned long long>(journal),
                  static_cast<unsigned long long>(call));
    return text;
}

std::map<std::size_t, deaths_of_item> read_deaths(const std::string& journal_path, std::uint64_t journal,
                                                  std::uint64_t call) {
    std::map<std::size_t, deaths_of_item> all;
    std::ifstream file(deaths_file(journal_path));
    const std::string wanted = death_of(journal, call);
    for (std::string line; std::getline(file, line) && !file.eof();) {
        std::istringstream in(line);
        std::string of_journal;
        std::string of_call;
        std::size_t item = 0;
        deaths_of_item death;
        if (!(in >> of_journal >> of_call >> item >> death.rank >> death.host) ||
            of_journal + ' ' + of_call != wanted)
            continue;
        std::getline(in >> std::ws, death.cause);
        death.count = all[item].count + 1;
        all[item] = death;
    }
    return all;
}

} // namespace mpimap::detail
