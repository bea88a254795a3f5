#pragma once

#include <filesystem>
#include <vector>

#include "periodogram.hpp"
#include "two_columns.hpp"

/// What the picture shows: the series above, its spectrum below.
struct picture {
    const series& data;
    const std::vector<double>& periods; // descending, as trial_periods gives them
    const std::vector<double>& powers;
    std::vector<peak> peaks;  // strongest first; as many are labelled as have room
    double significant_power; // drawn as a line: one in a hundred spectra of noise passes it
};

/// Draws with gnuplot into a file, whose name ends in .png, .svg or .pdf.
///
/// Throws `std::runtime_error` if there is no gnuplot or it cannot draw.
void draw(const picture& content, const std::filesystem::path& file);
