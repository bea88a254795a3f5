#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

/// What a sweep is made of: the contents of a parameter file.
struct parameters {
    double f_first = 0;
    double f_last = 0;
    std::size_t f_points = 0;
    double k5_first = 0; ///< 1/s; the points are at the same ratios
    double k5_last = 0;
    std::size_t k5_points = 0;
    int starts = 0; ///< random initial states at each point
    int cycles = 0; ///< until when it must be clear what becomes of one
    double tolerance = 0;
    std::uint64_t seed = 0;
};

/// Reads lines of the form `name = value`; `#` begins a comment. All names must be there, once. Throws
/// std::runtime_error with file, line and reason.
[[nodiscard]] parameters read_parameters(const std::filesystem::path& file);
