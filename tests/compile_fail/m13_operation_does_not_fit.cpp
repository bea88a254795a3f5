// The operation does not take the values that are to be folded.
// first build error: mpimap\[M13\]

#include <functional>
#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const auto square = [](double x) { return x * x; };
#ifdef MEND
    const double sum = mpimap::mpi_map_reduce(world, std::plus<>{}, 0.0, square, xs);
    return sum == 14 ? 0 : 1;
#else
    const std::string sum = mpimap::mpi_map_reduce(world, std::plus<>{}, std::string(), square, xs);
    return sum.empty() ? 0 : 1;
#endif
}
