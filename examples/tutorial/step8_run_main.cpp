// A run whose time comes to its end stops by itself, with the exit code 75: start me again.

#include <cmath>
#include <cstddef>
#include <iostream>
#include <limits>
#include <random>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>
#include <mpimap/run_main.hpp>

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

void sweep(int argc, char** argv) {
    boost::mpi::communicator world;

    const std::size_t n = points(argc, argv);
    const std::vector<double> fs = evenly(0.6, 2.1, n);
    const std::vector<double> k5s = by_ratio(0.1, 100, n);

    mpimap::report report;
    const auto results =
        mpimap::mpi_try_map(world, {.seed = 42, .progress = true, .report = &report, .journal = journal()},
                            period, mpimap::grid(fs, k5s));
    if (report.items + report.failures < results.size())
        return; // the time was up: run_main says so with its exit code

    std::vector<double> periods;
    for (const auto& result : results) { // none on other ranks than the root
        if (!result)
            std::cerr << "item " << result.error().index() << ": " << result.error().what() << '\n';
        periods.push_back(result ? *result : std::numeric_limits<double>::quiet_NaN());
    }

    if (world.rank() == 0) {
        print(fs, k5s, periods);
        std::cerr << report;
    }
}

int main(int argc, char** argv) {
    return mpimap::run_main(argc, argv, sweep);
}
