// A time without a unit is no duration.
// first build error: no matching function for call to .*mpi_map
// build error: options

#include <chrono>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const auto square = [](double x) { return x * x; };
#ifdef MEND
    const std::vector<double> r =
        mpimap::mpi_map(world, {.item_timeout = std::chrono::seconds(300)}, square, xs);
#else
    const std::vector<double> r = mpimap::mpi_map(world, {.item_timeout = 300}, square, xs);
#endif
    return r.size() == 3 ? 0 : 1;
}
