// A function object whose call operator has default arguments: as many ranges as one likes to give.

#include <cstddef>
#include <iostream>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "check.hpp"

// Temperatures: to Fahrenheit unless told otherwise.
struct linear_scale {
    double operator()(double x, double factor = 1.8, double offset = 32) const { return factor * x + offset; }
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;

    const std::vector<double> celsius = {-40, 0, 100};
    const std::vector<double> ones(celsius.size(), 1.0);

    const auto fahrenheit = mpimap::mpi_map(world, linear_scale{}, celsius);
    const auto shifted = mpimap::mpi_map(world, linear_scale{}, celsius, ones);
    const auto kelvin = mpimap::mpi_map(world, linear_scale{}, celsius, ones, mpimap::broadcast(273.15));

    if (world.rank() == 0) {
        for (std::size_t i = 0; i < celsius.size(); ++i) {
            std::cout << celsius[i] << " C = " << fahrenheit[i] << " F = " << kelvin[i] << " K\n";
        }
        check(fahrenheit == std::vector<double>{-40, 32, 212}, "both defaults hold");
        check(shifted == std::vector<double>{-8, 32, 132}, "one default holds");
        check(kelvin == std::vector<double>{-40 + 273.15, 273.15, 100 + 273.15},
              "all three arguments are given");
    }
}
