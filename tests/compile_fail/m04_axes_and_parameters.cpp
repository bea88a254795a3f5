// A grid with more axes than the function has parameters.
// first build error: mpimap\[M04\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const std::vector<double> ys{4, 5};
    const auto add = [](double x, double y) { return x + y; };
#ifdef MEND
    const std::vector<double> r = mpimap::mpi_map(world, add, mpimap::grid(xs, ys));
#else
    const std::vector<double> r = mpimap::mpi_map(world, add, mpimap::grid(xs, ys, xs));
#endif
    return r.size() == 6 ? 0 : 1;
}
