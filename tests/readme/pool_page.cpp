// The samples of docs/pool.md, one after the other, with what they take for granted.

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <ranges>
#include <sstream>
#include <string>
#include <vector>

#include <mpimap/mpimap.hpp>

namespace {

double energy(double x) {
    return x * x;
}
double lookup(const std::vector<double>& table, double x) {
    return table.front() + x;
}

void compute_a_little() {}

struct simulator {
    std::unique_ptr<int> runs; // cannot be sent
    double operator()(double x) {
        ++*runs;
        return x;
    }
    std::string operator()(mpimap::finishing) const { return std::to_string(*runs) + " runs"; }
};
simulator open_simulator(int runs) {
    return {std::make_unique<int>(runs)};
}

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    std::vector<double> xs = {1, 2, 3};
    const std::vector<double> table = {10, 20};

#include "pool_page_first.inc"

    mpimap::pool pool(world);
    if (!pool)
        return EXIT_SUCCESS;

#include "pool_page_others.inc"

    return !pool && xs == std::vector<double>{101, 102, 103} ? EXIT_SUCCESS : EXIT_FAILURE;
}
