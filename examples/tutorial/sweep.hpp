#pragma once

// What the steps of docs/tutorial.md have in common: the axes of the sweep, and how its result is printed.

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "../reaction_sweep/oregonator.hpp"

/// How many points each axis has: the first argument of the program, or 5.
inline std::size_t points(int argc, char** argv) {
    return argc > 1 ? std::stoul(argv[1]) : 5;
}

/// The name of the journal: the one that the batch script looks after, or one in this directory.
inline std::string journal() {
    const char* const name = std::getenv("JOURNAL");
    return name != nullptr && *name != '\0' ? name : "tutorial.mpimap";
}

/// n values from first to last.
inline std::vector<double> evenly(double first, double last, std::size_t n) {
    std::vector<double> all(n);
    for (std::size_t i = 0; i < n; ++i)
        all[i] = first + (last - first) * static_cast<double>(i) / static_cast<double>(n - 1);
    return all;
}

/// n values from first to last, each the same multiple of the one before.
inline std::vector<double> by_ratio(double first, double last, std::size_t n) {
    std::vector<double> all = evenly(std::log(first), std::log(last), n);
    for (double& x : all)
        x = std::exp(x);
    return all;
}

/// A line for each f, a column for each k5: the period in seconds, `-` where the reaction comes to rest, `?`
/// where there is none (not a number).
inline void print(const std::vector<double>& fs, const std::vector<double>& k5s,
                  const std::vector<double>& periods) {
    std::printf("%8s", "f \\ k5");
    for (const double k5 : k5s)
        std::printf("%8.3g", k5);
    for (std::size_t i = 0; i < periods.size(); ++i) {
        if (i % k5s.size() == 0)
            std::printf("\n%8.3g", fs[i / k5s.size()]);
        if (std::isnan(periods[i]))
            std::printf("%8s", "?");
        else if (periods[i] == 0)
            std::printf("%8s", "-");
        else
            std::printf("%8.4g", periods[i]);
    }
    std::printf("\n");
}
