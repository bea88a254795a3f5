// A number where a range is due.
// first build error: mpimap\[M01\]

#include <cmath>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
#ifdef MEND
    const std::vector<double> powers = mpimap::mpi_map(
        world, [](double x, double p) { return std::pow(x, p); }, xs, mpimap::broadcast(2.0));
#else
    const std::vector<double> powers = mpimap::mpi_map(
        world, [](double x, double p) { return std::pow(x, p); }, xs, 2.0);
#endif
    return powers.size() == 3 ? 0 : 1;
}
