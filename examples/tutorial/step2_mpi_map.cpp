// The same points, on all ranks: the two loops make two lists, the call is the loop over them.

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

    std::vector<double> each_f;
    std::vector<double> each_k5;
    for (const double f : fs) {
        for (const double k5 : k5s) {
            each_f.push_back(f);
            each_k5.push_back(k5);
        }
    }
    const auto periods = mpimap::mpi_map(world, period, each_f, each_k5);

    if (world.rank() == 0)
        print(fs, k5s, periods);
}
