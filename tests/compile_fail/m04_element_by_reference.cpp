// The function would change its argument, which belongs to the caller.
// first build error: mpimap\[M04\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
#ifdef MEND
    const auto clamped = [](double x) { return x > 2 ? 2 : x; };
#else
    const auto clamped = [](double& x) { return x = x > 2 ? 2 : x; };
#endif
    const std::vector<double> r = mpimap::mpi_map(world, clamped, xs);
    return r.size() == 3 ? 0 : 1;
}
