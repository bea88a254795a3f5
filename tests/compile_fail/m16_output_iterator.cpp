// The output is an iterator: nobody knows how much room there is behind it.
// first build error: mpimap\[M16\]

#include <iterator>
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
    std::vector<double> squares;
    mpimap::mpi_map_into(world, square, std::back_inserter(squares), xs);
#endif
    return squares.size() == 3 ? 0 : 1;
}
