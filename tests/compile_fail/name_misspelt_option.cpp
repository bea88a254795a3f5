// A misspelt option fails before any text of the library can speak.
// first build error: no matching function for call to .*mpi_map
// build error: options

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const auto square = [](double x) { return x * x; };
#ifdef MEND
    const std::vector<double> r = mpimap::mpi_map(world, {.chunk = 4}, square, xs);
#else
    const std::vector<double> r = mpimap::mpi_map(world, {.chunks = 4}, square, xs);
#endif
    return r.size() == 3 ? 0 : 1;
}
