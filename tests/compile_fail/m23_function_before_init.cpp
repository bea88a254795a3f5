// The function before the initial value.
// first build error: mpimap\[M23\]
// build error: double.*at::function

#include <functional>
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
#else
    const double sum = mpimap::mpi_map_reduce(world, std::plus<>{}, square, 0.0, xs);
#endif
    return sum > 0 ? 0 : 1;
}
