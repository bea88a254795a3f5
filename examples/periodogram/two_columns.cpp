#include "two_columns.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <numeric>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include <boost/algorithm/string/predicate.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <boost/tokenizer.hpp>

namespace {

constexpr std::size_t fewest_points = 4;

std::vector<std::string> split(const std::string& line) {
    std::vector<std::string> fields;
    // Semicolon and tab go before the comma: where they separate, a comma can only be a decimal comma, and
    // "1,5" is then refused as a number instead of being taken for two columns.
    const auto separator = std::ranges::find_if(
        std::string_view(";\t,"), [&](char candidate) { return line.find(candidate) != std::string::npos; });
    if (separator == std::string_view(";\t,").end()) {
        const boost::tokenizer words(line, boost::char_separator<char>(" "));
        fields.assign(words.begin(), words.end());
    } else {
        const boost::escaped_list_separator<char> quoted("", std::string(1, *separator), "\"");
        const boost::tokenizer cells(line, quoted);
        fields.assign(cells.begin(), cells.end());
    }
    for (std::string& field : fields) {
        boost::trim(field);
    }
    return fields;
}

struct number {
    double value = 0;
    std::errc error = {};
    explicit operator bool() const { return error == std::errc(); }
};

number parse(std::string_view text) {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
    }
    number result;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result.value);
    result.error = end == text.data() + text.size() ? error : std::errc::invalid_argument;
    return result;
}

// The file may be anything, a picture too: what goes to the terminal is short and printable.
std::string shown(std::string_view text) {
    constexpr std::size_t longest = 40;
    std::string result(text.substr(0, longest));
    std::ranges::replace_if(
        result, [](unsigned char c) { return std::iscntrl(c) != 0; }, '?');
    return "'" + result + (text.size() > longest ? "..." : "") + "'";
}

double finite_number(const std::string& field) {
    const number parsed = parse(field);
    if (parsed.error == std::errc::result_out_of_range) {
        throw std::runtime_error(shown(field) + " does not fit into double precision");
    }
    if (!parsed) {
        throw std::runtime_error(field.empty() ? "a column is empty" : shown(field) + " is not a number");
    }
    if (!std::isfinite(parsed.value)) {
        throw std::runtime_error(shown(field) + " is not finite");
    }
    return parsed.value;
}

// Not only what is a number: "17o0" in the first line is a slip, not the name of a column.
bool starts_like_number(const std::string& field) {
    const std::size_t first = field.find_first_not_of("+-.");
    return static_cast<bool>(parse(field)) ||
           (first != std::string::npos && std::isdigit(static_cast<unsigned char>(field[first])) != 0);
}

void add_line(series& data, const std::string& line, bool may_be_header) {
    const std::vector<std::string> fields = split(line);
    if (may_be_header && std::ranges::none_of(fields, starts_like_number)) {
        if (fields.size() == 2 && !fields[0].empty() && !fields[1].empty()) {
            data.time_name = fields[0];
            data.value_name = fields[1];
        }
        return;
    }
    if (fields.size() != 2) {
        throw std::runtime_error(shown(line) + " has " + std::to_string(fields.size()) +
                                 (fields.size() == 1 ? " column" : " columns") +
                                 ", but two are wanted: time and value");
    }
    const double time = finite_number(fields[0]);
    const double value = finite_number(fields[1]);
    data.times.push_back(time);
    data.values.push_back(value);
}

void sort_by_time(series& data) {
    std::vector<std::size_t> order(data.times.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return data.times[i]; });
    const series unsorted = data;
    for (std::size_t i = 0; i < order.size(); ++i) {
        data.times[i] = unsorted.times[order[i]];
        data.values[i] = unsorted.values[order[i]];
    }
}

} // namespace

series read_two_columns(const std::filesystem::path& file) {
    std::ifstream in(file);
    if (!in) {
        throw std::runtime_error("cannot open " + file.string() + ": " +
                                 std::generic_category().message(errno));
    }

    series data;
    std::string line;
    bool may_be_header = true;
    for (std::size_t line_number = 1; std::getline(in, line); ++line_number) {
        constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
        if (line_number == 1 && line.starts_with(byte_order_mark)) {
            line.erase(0, byte_order_mark.size());
        }
        line.erase(std::min(line.find('#'), line.size()));
        boost::trim(line);
        if (line.empty()) {
            continue;
        }
        try {
            add_line(data, line, may_be_header);
        } catch (const std::exception& problem) {
            throw std::runtime_error(file.string() + ", line " + std::to_string(line_number) + ": " +
                                     problem.what());
        }
        may_be_header = false;
    }
    if (in.bad()) {
        throw std::runtime_error("cannot read " + file.string() + ": is it a directory?");
    }
    if (data.times.size() < fewest_points) {
        throw std::runtime_error(file.string() + " has " + std::to_string(data.times.size()) +
                                 " points, but at least " + std::to_string(fewest_points) + " are wanted");
    }
    sort_by_time(data);
    return data;
}
