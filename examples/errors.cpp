// Items that throw: the others are not left waiting, every rank learns which items failed, where and why.

#include <cmath>
#include <cstddef>
#include <iostream>
#include <stdexcept>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "check.hpp"

double square_root(double x) {
    return x >= 0 ? std::sqrt(x) : throw std::domain_error("no real root of a negative number");
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;
    const bool root = world.rank() == 0;
    const std::vector<double> xs = {4, 9, -1, 16, -25};

    // By default no new items are handed out after a failure. `collect` runs them all; then, too, every rank
    // throws.
    std::size_t failed = 0;
    try {
        (void)mpimap::mpi_map(world, {.on_error = mpimap::on_error::collect}, square_root, xs);
    } catch (const mpimap::map_error& problem) {
        failed = problem.failed();
        check(problem.items() == 5 && problem.errors().size() == 2, "all failures are there");
        check(problem.errors()[0].index() == 2 && problem.errors()[1].index() == 4,
              "in the order of the items");
        for (const mpimap::task_error& each : problem.errors()) {
            check(each.rank() >= 0 && each.rank() < world.size(), "the rank on which the item ran");
            if (root) {
                std::cout << "item " << each.index() << " failed on rank " << each.rank() << ": "
                          << each.what() << '\n';
            }
        }
    }
    check(failed == 2, "every rank throws map_error");

    // The original standard exception can be had again.
    bool rethrown = false;
    try {
        (void)mpimap::mpi_map(world, square_root, xs);
    } catch (const mpimap::map_error& problem) {
        try {
            problem.errors().front().rethrow();
        } catch (const std::domain_error&) {
            rethrown = true;
        }
    }
    check(rethrown, "the type of the exception is known");

    // Where failures are ordinary, mpi_try_map gives a value or an error for each item and throws nothing.
    const auto roots = mpimap::mpi_try_map(world, square_root, xs);
    if (root) {
        check(roots.size() == 5 && *roots[1] == 3 && !roots[2].has_value() && roots[3].value() == 4,
              "values and errors side by side");
        check(roots[4].error().index() == 4, "an error knows its item");
        std::cout << "the others are fine: " << *roots[0] << ' ' << *roots[1] << ' ' << *roots[3] << '\n';
    }
}
