// A lambda that captures a tuple.
// first build error: mpimap\[M27\]

#include <tuple>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const std::tuple<double, int> shape{2.0, 3};
#ifdef MEND
    const std::vector<double> r = mpimap::mpi_map(
        world, [](double x, const std::tuple<double, int>& s) { return x * std::get<0>(s) + std::get<1>(s); },
        xs, mpimap::broadcast(shape));
#else
    const std::vector<double> r = mpimap::mpi_map(
        world, [shape](double x) { return x * std::get<0>(shape) + std::get<1>(shape); }, xs);
#endif
    return r.size() == 3 ? 0 : 1;
}
