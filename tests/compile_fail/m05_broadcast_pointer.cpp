// A pointer as the constant of all items.
// first build error: mpimap\[M05\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const double k = 2;
#ifdef MEND
    const std::vector<double> r = mpimap::mpi_map(
        world, [](double f, double x) { return f * x; }, mpimap::broadcast(k), xs);
#else
    const std::vector<double> r = mpimap::mpi_map(
        world, [](const double* f, double x) { return *f * x; }, mpimap::broadcast(&k), xs);
#endif
    return r.size() == 3 ? 0 : 1;
}
