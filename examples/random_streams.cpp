// Random numbers that belong to the item (mpimap::task::random): the same on any number of ranks, however the
// items are divided; with distributions of the standard library and of Boost.

#include <cmath>
#include <cstddef>
#include <iostream>
#include <random>
#include <vector>

#include <boost/mpi/communicator.hpp>
#include <boost/random/poisson_distribution.hpp>

#include <mpimap/mpimap.hpp>

#include "check.hpp"

// How far a walker gets in so many steps.
double walk(const mpimap::task& task, int steps) {
    auto rng = task.random();
    std::normal_distribution<double> step;
    double x = 0;
    for (int i = 0; i < steps; ++i)
        x += step(rng);
    return x;
}

// The decays that a detector counts, and those of the background: a stream for each, so that a longer
// measurement of one does not change the other.
int count(const mpimap::task& task, double activity) {
    auto source = task.random(0);
    auto background = task.random(1);
    return boost::random::poisson_distribution<int>(activity)(source) +
           boost::random::poisson_distribution<int>(2)(background);
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;

    const std::vector<int> steps(10'000, 100);
    const auto walks = mpimap::mpi_map(world, {.seed = 42, .stream = "walk"}, walk, steps);
    const auto again = mpimap::mpi_map(
        world, {.schedule = mpimap::schedule::dynamic, .chunk = 7, .seed = 42, .stream = "walk"}, walk,
        steps);

    // Without a name each call of the program has streams of its own.
    const std::vector<double> activities = {1, 5, 25, 125, 625};
    const auto counts = mpimap::mpi_map(world, {.seed = 42}, count, activities);
    const auto others = mpimap::mpi_map(world, {.seed = 42}, count, activities);

    if (world.rank() == 0) {
        double squares = 0;
        for (const double x : walks)
            squares += x * x;
        std::cout << "root mean square distance: " << std::sqrt(squares / 10'000) << " (10)\n";
        check(std::abs(squares / 10'000 - 100) < 5, "a walker gets as far as the square root of its steps");
        check(again == walks, "the numbers do not depend on how the items are divided");

        for (std::size_t i = 0; i < activities.size(); ++i)
            std::cout << "activity " << activities[i] << ": " << counts[i] << ", " << others[i] << '\n';
        check(counts == std::vector<int>{3, 7, 23, 124, 626} &&
                  others == std::vector<int>{1, 10, 25, 125, 639},
              "and with Boost's distributions not on the machine either");
    }
}
