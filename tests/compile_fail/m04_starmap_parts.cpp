// The parts of the tuples do not fit the function's parameters.
// first build error: mpimap\[M04\]

#include <cmath>
#include <tuple>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<std::tuple<double, int>> jobs{{1.5, 2}, {2.5, 3}};
#ifdef MEND
    const auto power = [](double x, int n) { return std::pow(x, n); };
#else
    const auto power = [](double x, int n, int scale) { return scale * std::pow(x, n); };
#endif
    const std::vector<double> r = mpimap::mpi_starmap(world, power, jobs);
    return r.size() == 2 ? 0 : 1;
}
