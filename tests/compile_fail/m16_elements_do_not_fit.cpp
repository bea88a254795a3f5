// The elements of the output are of another type than the results.
// first build error: mpimap\[M16\]

#include <string>
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
    std::vector<std::string> squares(3);
    mpimap::mpi_map_into(world, square, squares, xs);
#endif
    return squares.size() == 3 ? 0 : 1;
}
