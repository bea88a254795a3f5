// The output is const: the vector that is to be filled and the one that is read are swapped.
// first build error: mpimap\[M16\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const auto square = [](double x) { return x * x; };
    std::vector<double> squares(3);
#ifdef MEND
    mpimap::mpi_map_into(world, square, squares, xs);
#else
    mpimap::mpi_map_into(world, square, xs, squares);
#endif
    return squares[2] == 9 ? 0 : 1;
}
