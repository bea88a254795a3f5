#include "parameters.hpp"

#include <charconv>
#include <cmath>
#include <fstream>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

template <typename Number>
void read(std::string_view text, Number& value, Number least) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const std::string quoted = "'" + std::string(text) + "'";
    if (error == std::errc::result_out_of_range)
        throw std::runtime_error(quoted + " is out of range");
    if (error != std::errc() || end != text.data() + text.size())
        throw std::runtime_error(quoted + " is not " +
                                 (std::is_floating_point_v<Number> ? "a number" : "a whole number"));
    if (!(value >= least) || !std::isfinite(static_cast<double>(value)))
        throw std::runtime_error(quoted + " is too small");
}

struct entry {
    std::function<void(std::string_view)> read;
    int line = 0; // where it stands; 0: not yet
};

template <typename Number>
entry at_least(Number least, Number& value) {
    return {[least, &value](std::string_view text) { read(text, value, least); }};
}

} // namespace

parameters read_parameters(const std::filesystem::path& file) {
    parameters all;
    constexpr double smallest = 1e-6;
    std::map<std::string, entry, std::less<>> entries = {
        {"f_first", at_least(smallest, all.f_first)},
        {"f_last", at_least(smallest, all.f_last)},
        {"f_points", at_least<std::size_t>(2, all.f_points)},
        {"k5_first", at_least(smallest, all.k5_first)},
        {"k5_last", at_least(smallest, all.k5_last)},
        {"k5_points", at_least<std::size_t>(2, all.k5_points)},
        {"starts", at_least(1, all.starts)},
        {"cycles", at_least(4, all.cycles)},
        {"tolerance", at_least(1e-12, all.tolerance)},
        {"seed", at_least<std::uint64_t>(0, all.seed)},
    };
    std::ifstream in(file);
    if (!in)
        throw std::runtime_error("cannot open " + file.string());
    int number = 0;
    const auto complain = [&](const std::string& what) {
        throw std::runtime_error(file.string() + ", line " + std::to_string(number) + ": " + what);
    };
    for (std::string line; std::getline(in, line);) {
        ++number;
        const std::string_view text = trimmed(std::string_view(line).substr(0, line.find('#')));
        if (text.empty())
            continue;
        const std::size_t sign = text.find('=');
        if (sign == std::string_view::npos)
            complain("'" + std::string(text) + "' has no '='");
        const std::string name(trimmed(text.substr(0, sign)));
        const auto found = entries.find(name);
        if (found == entries.end())
            complain("what is '" + name + "'?");
        if (found->second.line != 0)
            complain(name + " is in line " + std::to_string(found->second.line) + " already");
        found->second.line = number;
        try {
            found->second.read(trimmed(text.substr(sign + 1)));
        } catch (const std::runtime_error& problem) {
            complain(name + ": " + problem.what());
        }
    }
    if (in.bad())
        throw std::runtime_error("cannot read " + file.string());
    for (const auto& [name, one] : entries) {
        if (one.line == 0)
            throw std::runtime_error(file.string() + ": " + name + " is missing");
    }
    if (all.f_first >= all.f_last || all.k5_first >= all.k5_last)
        throw std::runtime_error(file.string() + ": an axis ends before it begins");
    return all;
}
