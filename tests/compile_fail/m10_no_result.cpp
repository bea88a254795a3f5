// A function that returns nothing in a map that collects results.
// first build error: mpimap\[M10\]

#include <iostream>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const auto print = [](double x) { std::cout << x << '\n'; };
#ifdef MEND
    mpimap::mpi_for_each(world, print, xs);
#else
    const auto r = mpimap::mpi_map(world, print, xs);
#endif
}
