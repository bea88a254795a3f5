// A number in the place of an axis.
// first build error: mpimap\[M01\]
// build error: axis<2>

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const auto scaled = [](double x, double k) { return k * x; };
#ifdef MEND
    const std::vector<double> r = mpimap::mpi_map(world, scaled, mpimap::grid(xs), mpimap::broadcast(2.0));
#else
    const std::vector<double> r = mpimap::mpi_map(world, scaled, mpimap::grid(xs, 2.0));
#endif
    return r.size() == 3 ? 0 : 1;
}
