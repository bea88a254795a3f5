// Options are named, in braces, before the function. Each has a default; none changes the type of the result.

#include <cstddef>
#include <iostream>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "check.hpp"

int product(int x, int y) {
    return x * y;
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;

    std::vector<int> xs(100);
    for (int i = 0; i < 100; ++i) {
        xs[static_cast<std::size_t>(i)] = i;
    }
    const std::vector<int> ys(100, 3);
    const auto expected = [](std::size_t count) {
        std::vector<int> values(count);
        for (std::size_t i = 0; i < count; ++i) {
            values[i] = 3 * static_cast<int>(i);
        }
        return values;
    };

    // How items are handed out never changes the result: equal slices, or chunks for whoever is ready.
    const auto slices = mpimap::mpi_map(world, {.schedule = mpimap::schedule::static_}, product, xs, ys);
    const auto chunks =
        mpimap::mpi_map(world, {.schedule = mpimap::schedule::dynamic, .chunk = 16}, product, xs, ys);

    // Every rank gets the results, not only the root.
    const auto shared = mpimap::mpi_map(world, {.results = mpimap::results::everywhere}, product, xs, ys);
    check(shared == expected(100), "every rank has the results");

    // The arguments of the last rank count, and the results go there.
    const int last = world.size() - 1;
    const auto none = std::vector<int>{};
    const auto there = mpimap::mpi_map(world, {.root = last}, product, world.rank() == last ? xs : none,
                                       world.rank() == last ? ys : none);
    check(there == (world.rank() == last ? expected(100) : none), "another root has the results");

    // Ranges of unequal length are an error, unless the shortest is to count.
    const std::vector<int> five(5, 3);
    const auto zipped = mpimap::mpi_map(world, {.zip = mpimap::zip::shortest}, product, xs, five);

    if (world.rank() == 0) {
        check(slices == expected(100) && chunks == slices, "the schedule does not show in the results");
        check(zipped == expected(5), "as many results as the shortest range has items");
        std::cout << "static and dynamic schedules agree on " << chunks.size() << " products; rank " << last
                  << " can be the root; zipped with five items there are " << zipped.size() << '\n';
    }
}
