// Options behind the function.
// first build error: mpimap\[M22\]
// build error: at::argument<2>

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const auto square = [](double x) { return x * x; };
    const mpimap::options o{.chunk = 4};
#ifdef MEND
    const std::vector<double> r = mpimap::mpi_map(world, o, square, xs);
#else
    const std::vector<double> r = mpimap::mpi_map(world, square, xs, o);
#endif
    return r.size() == 3 ? 0 : 1;
}
