// One parameter more than ranges.
// first build error: mpimap\[M04\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const auto add = [](double x, double y) { return x + y; };
#ifdef MEND
    const std::vector<double> r = mpimap::mpi_map(world, add, xs, xs);
#else
    const std::vector<double> r = mpimap::mpi_map(world, add, xs);
#endif
    return r.size() == 3 ? 0 : 1;
}
