// A plain function over two ranges: the loop  z[i] = add(x[i], y[i])  becomes one line and runs on all ranks.

#include <cstddef>
#include <iostream>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "check.hpp"

double add(double x, double y) {
    return x + y;
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;

    const std::vector<double> xs = {1, 2, 3, 4, 5};
    const std::vector<double> ys = {10, 20, 30, 40, 50};

    const std::vector<double> sums = mpimap::mpi_map(world, add, xs, ys);

    if (world.rank() == 0) {
        for (std::size_t i = 0; i < sums.size(); ++i) {
            std::cout << xs[i] << " + " << ys[i] << " = " << sums[i] << '\n';
        }
        check(sums == std::vector<double>{11, 22, 33, 44, 55},
              "the sums come back in the order of the input");
    } else {
        check(sums.empty(), "results go to the root");
    }
}
