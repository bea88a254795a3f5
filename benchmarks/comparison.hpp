#pragma once

// Ratios of times within one run: the candidates take turns, medians of many repetitions, both printed.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
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
/// `before` each turn: what is not timed.
inline std::vector<double> take_turns(MPI_Comm comm, const std::vector<candidate>& candidates, int repetitions,
                                      const std::function<void()>& before = [] {}) {
    std::vector<std::vector<double>> times(candidates.size());
    for (int i = -1; i < repetitions; ++i) {
        for (std::size_t k = 0; k < candidates.size(); ++k) {
            before();
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
    std::printf("%-4s| %-70s| %8.3f | %s %-6.3g| %-4s| %s\n", row, what.c_str(), figure,
                wanted == better::below ? "<=" : ">=", goal, met ? "met" : "MISS", detail.c_str());
    std::fflush(stdout);
}

/// A line of the table for a figure without a goal, there for comparison.
inline void print_figure(MPI_Comm comm, const char* row, const std::string& what, double figure,
                         const std::string& detail) {
    if (rank_of(comm) != 0) return;
    std::printf("%-4s| %-70s| %8.3f | %-9s| %-4s| %s\n", row, what.c_str(), figure, "", "", detail.c_str());
    std::fflush(stdout);
}

/// One point of the picture that scripts/bench draws: "# data PANEL SERIES X Y".
inline void print_point(MPI_Comm comm, const char* panel, const std::string& series, const std::string& x, double y) {
    if (rank_of(comm) != 0) return;
    std::printf("# data %s %s %s %.4g\n", panel, series.c_str(), x.c_str(), y);
    std::fflush(stdout);
}

/// A field of /proc/self/status in bytes: "VmHWM" is the most memory that this process ever had, "VmRSS" what it has.
inline double memory_of_process(const std::string& field) {
    double kilobytes = 0;
    if (std::FILE* status = std::fopen("/proc/self/status", "r")) {
        char line[256];
        while (std::fgets(line, sizeof line, status) != nullptr) {
            if (std::string(line).rfind(field + ":", 0) == 0) kilobytes = std::atof(line + field.size() + 1);
        }
        std::fclose(status);
    }
    return kilobytes * 1024;
}

/// Bytes with a unit that suits them.
inline std::string bytes_text(double bytes) {
    char text[32];
    if (bytes < 1024.0 * 1024) {
        std::snprintf(text, sizeof text, "%.3g KiB", bytes / 1024);
    } else if (bytes < 1024.0 * 1024 * 1024) {
        std::snprintf(text, sizeof text, "%.4g MiB", bytes / 1024 / 1024);
    } else {
        std::snprintf(text, sizeof text, "%.3g GiB", bytes / 1024 / 1024 / 1024);
    }
    return text;
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
