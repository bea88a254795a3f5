// A program of somebody who uses the library: one header, one map. It runs under mpirun and without.
#include <mpimap/mpimap.hpp>

#include <iostream>
#include <vector>

double add(double x, double y) {
    return x + y;
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;

    const std::vector<double> xs{1, 2, 3, 4, 5};
    const std::vector<double> ys{10, 20, 30, 40, 50};
    const std::vector<double> sums = mpimap::mpi_map(world, add, xs, ys);

    if (world.rank() != 0)
        return sums.empty() ? 0 : 1;
    const bool right = sums == std::vector<double>{11, 22, 33, 44, 55};
    std::cout << "mpimap " << mpimap::version() << ", " << world.size()
              << " rank(s): " << (right ? "right" : "wrong") << '\n';
    return right ? 0 : 1;
}
