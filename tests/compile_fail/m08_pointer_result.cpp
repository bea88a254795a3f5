// A result that points into memory of another rank.
// first build error: mpimap\[M08\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
#ifdef MEND
    const auto make = [](double x) { return std::vector<double>(3, x); };
    const std::vector<std::vector<double>> r = mpimap::mpi_map(world, make, xs);
#else
    const auto make = [](double x) { return new double[3]{x, x, x}; };
    const std::vector<double*> r = mpimap::mpi_map(world, make, xs);
#endif
    return r.size() == 3 ? 0 : 1;
}
