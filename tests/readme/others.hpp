#pragma once

// What the programs that try out docs/types-of-others.md share.

#include <cstddef>
#include <cstdlib>
#include <vector>

#include <mpimap/mpimap.hpp>

/// Values there and back, by themselves, in a struct, as a constant and folded: what a page may promise.
template <typename T, typename Twice, typename Equal>
bool travels(const std::vector<T>& values, const Twice& twice, const Equal& equal) {
    const boost::mpi::communicator world;
    struct named {
        int number = 0;
        std::vector<T> values;
    };
    const auto got = mpimap::mpi_map(world, twice, values);
    const auto inside = mpimap::mpi_map(
        world,
        [](const named& n) {
            return named{n.number + 1, n.values};
        },
        std::vector<named>{{1, values}, {2, values}, {3, {}}});
    const auto constant = mpimap::mpi_map(
        world, [](const std::vector<T>& all, std::size_t i) { return all[i]; }, mpimap::broadcast(values),
        mpimap::indices(values.size()));
    if (world.rank() != 0)
        return true;
    bool right = got.size() == values.size() && inside.size() == 3 && inside[2].values.empty();
    for (std::size_t i = 0; i < values.size(); ++i) {
        right = right && equal(got[i], twice(values[i])) && equal(inside[1].values[i], values[i]) &&
                equal(constant[i], values[i]);
    }
    return right;
}
