// All combinations of two axes: no lists of points, and nothing of them is sent but the axes.

#include <cstddef>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "sweep.hpp"

double period(double f, double k5) {
    return oregonator::period(f, k5, {4, 1.1, 4});
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;

    const std::size_t n = points(argc, argv);
    const std::vector<double> fs = evenly(0.6, 2.1, n);
    const std::vector<double> k5s = by_ratio(0.1, 100, n);

    const auto periods = mpimap::mpi_map(world, period, mpimap::grid(fs, k5s));

    if (world.rank() == 0)
        print(fs, k5s, periods);
}
