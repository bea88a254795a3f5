// A factory that is no factory: it runs the items itself.
// first build error: mpimap\[M15\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
#ifdef MEND
    const auto make = [](double k) { return [k](double x) { return k * x; }; };
    const std::vector<double> r = mpimap::mpi_map(world, mpimap::per_rank(make, 2.0), xs);
#else
    const auto make = [](double k, double x) { return k * x; };
    const std::vector<double> r = mpimap::mpi_map(world, mpimap::per_rank(make, 2.0), xs);
#endif
    return r.size() == 3 ? 0 : 1;
}
