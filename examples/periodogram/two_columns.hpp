#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// A measured series: values at times, both finite, in the order of time.
struct series {
    std::string time_name = "time"; ///< from the header line of the file, if it has one
    std::string value_name = "value";
    std::vector<double> times;
    std::vector<double> values;
};

/// Reads times and values from a text file of two columns.
///
/// The columns are separated by semicolon, tab, comma or blanks; `#` starts a comment; a first line without
/// any number names the columns. Blank lines, quotes, Windows line ends and a missing last line end are all
/// right.
///
/// Throws `std::runtime_error` that names file, line and text, if the file cannot be read, a field is not a
/// finite number, a line has not exactly two columns, or fewer than four points are left.
[[nodiscard]] series read_two_columns(const std::filesystem::path& file);
