#pragma once

// For the suites of functions and their state. The state of ranks other than the root is always wrong there:
// what the items compute shows whose state they ran with.

#include <cmath>
#include <cstddef>
#include <numeric>
#include <type_traits>
#include <vector>

#include <mpimap/mpimap.hpp>
#include <mpimap/serialization.hpp>

#include "mpi_test.hpp"

namespace functions_test {

using namespace mpimap_test;
using mpimap::mpi_map;

inline std::vector<int> count_to(std::size_t n) {
    std::vector<int> all(n);
    std::iota(all.begin(), all.end(), 0);
    return all;
}

inline const std::vector<double> arguments = [] {
    std::vector<double> all(50);
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = 0.25 * static_cast<double>(i) - 3.0;
    return all;
}();

/// Maps what make(true) gives on the root and make(false) elsewhere, with two roots and schedules, and
/// compares with calling make(true)'s function here.
template <typename Make>
void expect_roots_state(const Make& make) {
    auto local = make(true);
    std::vector<std::decay_t<decltype(local(1.0))>> serial;
    for (const double x : arguments)
        serial.push_back(local(x));
    for (const int root : {0, other_root()}) {
        for (const mpimap::schedule s : {mpimap::schedule::automatic, mpimap::schedule::static_}) {
            auto mine = make(rank() == root);
            expect_on_root(root, mpi_map(comm(), {.root = root, .schedule = s}, mine, arguments), serial);
        }
    }
}

// Functions and objects to map with.

inline double doubled(double x) {
    return 2 * x;
}
inline double tripled(double x) noexcept {
    return 3 * x;
}

inline auto quad_factory(double a, double b, double c) {
    return [=](double x) { return a * x * x + b * x + c; };
}

struct point {
    double x = 0;
    double y = 0;
    double norm() const { return std::hypot(x, y); }
    double norm_noexcept() const noexcept { return std::hypot(x, y); }
    double scaled(double factor) const { return factor * (x + y); }
    double moved(double by) {
        x += by;
        return x;
    }
    point mirrored() const { return {-x, -y}; }
    bool operator==(const point&) const = default;
};

struct by_member {
    std::vector<double> weights;
    by_member() = default;
    explicit by_member(double w) : weights(100, w) {}
    double operator()(double x) const { return std::accumulate(weights.begin(), weights.end(), x); }
    template <typename Archive>
    void serialize(Archive& ar, unsigned int) {
        ar& weights;
    }
};

} // namespace functions_test
