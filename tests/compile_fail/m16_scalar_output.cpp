// The output is one value, not a range.
// first build error: mpimap\[M16\]

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
    double squares = 0;
    mpimap::mpi_map_into(world, square, squares, xs);
#endif
    return 0;
}
