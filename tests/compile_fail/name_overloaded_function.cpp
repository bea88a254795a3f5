// An overloaded name is not one function.
// first build error: no matching function for call to .*mpi_map
// build error: sin

#include <cmath>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
#ifdef MEND
    const std::vector<double> r = mpimap::mpi_map(
        world, [](double x) { return std::sin(x); }, xs);
#else
    const std::vector<double> r = mpimap::mpi_map(world, std::sin, xs);
#endif
    return r.size() == 3 ? 0 : 1;
}
