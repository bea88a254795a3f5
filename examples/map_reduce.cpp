// Pi by Monte Carlo. The results are folded where the items run, and only partial sums travel. Each item
// draws its numbers from its index, and the fold has one fixed order: the same bits on any number of ranks.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iomanip>
#include <iostream>
#include <numbers>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "check.hpp"

constexpr std::size_t samples = 20'000;
constexpr std::size_t draws = 50; // per sample

// Counter-based: the number at position `counter` of a sequence, without the ones before it. SplitMix64's
// output function (Steele, Lea, Flood 2014, OOPSLA), uniform in [0, 1).
double uniform(std::uint64_t counter) {
    std::uint64_t z = (counter + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

// The mean of 4 sqrt(1 - x^2) over [0, 1] is pi.
double sum_of_draws(std::size_t index) {
    double sum = 0;
    for (std::size_t i = 0; i < draws; ++i) {
        const double x = uniform(index * draws + i);
        sum += 4 * std::sqrt(1 - x * x);
    }
    return sum;
}

double pi_on(const boost::mpi::communicator& world, const mpimap::options& options) {
    const double sum =
        mpimap::mpi_map_reduce(world, options, std::plus<>{}, 0.0, sum_of_draws, mpimap::indices(samples));
    return sum / static_cast<double>(samples * draws);
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;

    const double pi = pi_on(world, {});
    const double again = pi_on(world, {.schedule = mpimap::schedule::dynamic, .chunk = 7});
    // A communicator of one rank: the serial run of the same code.
    const double alone = pi_on(boost::mpi::communicator(MPI_COMM_SELF, boost::mpi::comm_attach), {});

    if (world.rank() == 0) {
        std::cout << samples * draws << " draws, ranks: " << world.size() << ", pi is about "
                  << std::setprecision(17) << pi << "\nthe same draws on one rank: " << alone << '\n';
        check(std::abs(pi - std::numbers::pi) < 0.005, "a million draws give pi to about a thousandth");
        check(pi == alone && pi == again, "the same bits for any number of ranks and any schedule");
    }
}
