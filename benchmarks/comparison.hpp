#pragma once

// Ratios of times within one run: the candidates take turns, medians of many repetitions, both printed.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include <mpi.h>

namespace benchmark {

inline double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

inline double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

inline int rank_of(MPI_Comm comm) {
    int rank = 0;
    MPI_Comm_rank(comm, &rank);
    return rank;
}
inline int size_of(MPI_Comm comm) {
    int size = 1;
    MPI_Comm_size(comm, &size);
    return size;
}

/// One way to solve the problem, called on every rank. Times are the root's, from a barrier to the call's return.
using candidate = std::function<void()>;

/// Median times, in seconds, of the candidates, which take turns `repetitions` times after one that is not counted.
inline std::vector<double> take_turns(MPI_Comm comm, const std::vector<candidate>& candidates, int repetitions) {
    std::vector<std::vector<double>> times(candidates.size());
    for (int i = -1; i < repetitions; ++i) {
        for (std::size_t k = 0; k < candidates.size(); ++k) {
            MPI_Barrier(comm);
            const double begin = now();
            candidates[k]();
            const double seconds = now() - begin;
            if (i >= 0) times[k].push_back(seconds);
        }
    }
    std::vector<double> medians;
    for (const auto& t : times) medians.push_back(median(t));
    return medians;
}

enum class better { below, above };

/// One line of the table, printed by the root: row of the goals, what was measured, figure, goal, verdict.
inline void print_row(MPI_Comm comm, const char* row, const std::string& what, double figure, better wanted, double goal,
                      const std::string& detail) {
    if (rank_of(comm) != 0) return;
    const bool met = wanted == better::below ? figure <= goal : figure >= goal;
    std::printf("%-4s| %-58s| %8.3f | %s %-6.3g| %-4s| %s\n", row, what.c_str(), figure,
                wanted == better::below ? "<=" : ">=", goal, met ? "met" : "MISS", detail.c_str());
    std::fflush(stdout);
}

/// Seconds with a unit that suits them.
inline std::string seconds_text(double s) {
    char text[32];
    if (s < 1e-3) {
        std::snprintf(text, sizeof text, "%.2f us", s * 1e6);
    } else if (s < 1) {
        std::snprintf(text, sizeof text, "%.2f ms", s * 1e3);
    } else {
        std::snprintf(text, sizeof text, "%.2f s", s);
    }
    return text;
}

} // namespace benchmark
