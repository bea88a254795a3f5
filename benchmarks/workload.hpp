#pragma once

// Items of unequal length: what the schedules are compared on, with real ranks and with simulated ones.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <numeric>
#include <queue>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <mpimap/options.hpp>

namespace benchmark {

using item_lengths = std::vector<double>; // seconds

/// No schedule can be faster: the longest item, or equal shares.
inline double lower_bound(const item_lengths& t, int ranks) {
    return std::max(*std::max_element(t.begin(), t.end()), std::accumulate(t.begin(), t.end(), 0.0) / ranks);
}

/// The time of an ideal list scheduler: in order, one item at a time, no overhead.
inline double ideal_list_schedule(const item_lengths& t, int ranks) {
    std::priority_queue<double, std::vector<double>, std::greater<>> free_at;
    for (int r = 0; r < ranks; ++r) free_at.push(0);
    double end = 0;
    for (const double item : t) {
        const double done = free_at.top() + item;
        free_at.pop();
        free_at.push(done);
        end = std::max(end, done);
    }
    return end;
}

struct workload {
    std::string name;
    std::function<item_lengths(std::size_t n, double mean, std::mt19937_64& random)> make;
    bool hint = false; // the lengths are given as options::costs
};

inline item_lengths drawn(std::size_t n, const std::function<double()>& draw) {
    item_lengths t(n);
    for (double& x : t) x = draw();
    return t;
}

inline item_lengths sorted(std::size_t n, double mean, bool increasing) {
    item_lengths t(n);
    for (std::size_t i = 0; i < n; ++i) t[i] = 0.2 + 1.6 * static_cast<double>(increasing ? i : n - i) / static_cast<double>(n);
    const double factor = mean * static_cast<double>(n) / std::accumulate(t.begin(), t.end(), 0.0);
    for (double& x : t) x *= factor;
    return t;
}

inline item_lengths straggler(std::size_t n, double mean, std::size_t at) {
    item_lengths t(n, mean);
    t[at] = 100 * mean;
    return t;
}

/// Those of a comparison of schedules, by number: uniform, random, sorted, one straggler.
inline std::vector<workload> workloads() {
    return {
        {"2 uniform", [](std::size_t n, double mean, auto&) { return item_lengths(n, mean); }},
        {"3a exponential",
         [](std::size_t n, double mean, auto& random) {
             std::exponential_distribution<double> d(1 / mean);
             return drawn(n, [&] { return d(random); });
         }},
        {"3b Pareto(1.5)",
         [](std::size_t n, double mean, auto& random) {
             std::uniform_real_distribution<double> d(0, 1);
             return drawn(n, [&] { return std::min(mean / 3 / std::pow(1 - d(random), 1 / 1.5), 100 * mean); });
         }},
        {"3c lognormal(1.5)",
         [](std::size_t n, double mean, auto& random) {
             std::lognormal_distribution<double> d(std::log(mean) - 1.125, 1.5);
             return drawn(n, [&] { return std::min(d(random), 100 * mean); });
         }},
        {"4a increasing", [](std::size_t n, double mean, auto&) { return sorted(n, mean, true); }},
        {"4b decreasing", [](std::size_t n, double mean, auto&) { return sorted(n, mean, false); }},
        {"5 straggler first", [](std::size_t n, double mean, auto&) { return straggler(n, mean, 0); }},
        {"5 straggler middle", [](std::size_t n, double mean, auto&) { return straggler(n, mean, n / 2); }},
        {"5 straggler last", [](std::size_t n, double mean, auto&) { return straggler(n, mean, n - 1); }},
        {"4a increasing, costs", [](std::size_t n, double mean, auto&) { return sorted(n, mean, true); }, true},
        {"5 straggler last, costs", [](std::size_t n, double mean, auto&) { return straggler(n, mean, n - 1); }, true},
    };
}

inline const std::vector<std::pair<std::string, mpimap::schedule>>& named_schedules() {
    static const std::vector<std::pair<std::string, mpimap::schedule>> all = {
        {"automatic", mpimap::schedule::automatic},
        {"static_", mpimap::schedule::static_},
        {"dynamic", mpimap::schedule::dynamic},
        {"guided", mpimap::schedule::guided},
        {"factoring", mpimap::schedule::factoring}};
    return all;
}

} // namespace benchmark
