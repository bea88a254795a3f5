// From two random states instead of one: each point has a stream of random numbers of its own.

#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "sweep.hpp"

// The mean over the starts that end in oscillations.
double period(mpimap::task t, double f, double k5) {
    auto rng = t.random();
    std::uniform_real_distribution<double> exponent(0, 4);
    double sum = 0;
    int oscillate = 0;
    for (int start = 0; start < 2; ++start) {
        oregonator::state from{};
        for (double& x : from)
            x = std::pow(10, exponent(rng));
        const double found = oregonator::period(f, k5, from);
        sum += found;
        oscillate += found > 0 ? 1 : 0;
    }
    return oscillate > 0 ? sum / oscillate : 0;
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;

    const std::size_t n = points(argc, argv);
    const std::vector<double> fs = evenly(0.6, 2.1, n);
    const std::vector<double> k5s = by_ratio(0.1, 100, n);

    const auto periods = mpimap::mpi_map(world, {.seed = 42}, period, mpimap::grid(fs, k5s));

    if (world.rank() == 0)
        print(fs, k5s, periods);
}
