// The range before the function.
// first build error: mpimap\[M04\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const auto square = [](double x) { return x * x; };
#ifdef MEND
    const std::vector<double> r = mpimap::mpi_map(world, square, xs);
#else
    const std::vector<double> r = mpimap::mpi_map(world, xs, square);
#endif
    return r.size() == 3 ? 0 : 1;
}
