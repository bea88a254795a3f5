// A lambda that captures by reference: the reference leads to memory of the root.
// first build error: mpimap\[M02\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    double k = 2;
#ifdef MEND
    const std::vector<double> r = mpimap::mpi_map(
        world, [k](double x) { return k * x; }, xs);
#else
    const std::vector<double> r = mpimap::mpi_map(
        world, [&](double x) { return k * x; }, xs);
#endif
    return r.size() == 3 ? 0 : 1;
}
