// The output is a range that can be read only once: its length cannot be asked first.
// first build error: mpimap\[M16\]

#include <iostream>
#include <ranges>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const auto square = [](double x) { return x * x; };
#ifdef MEND
    std::vector<double> squares(3);
    mpimap::mpi_map_into(world, square, squares, xs);
#else
    auto squares = std::views::istream<double>(std::cin);
    mpimap::mpi_map_into(world, square, squares, xs);
#endif
    return 0;
}
