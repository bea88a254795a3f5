// A std::function hides what it holds.
// first build error: mpimap\[M03\]

#include <functional>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
#ifdef MEND
    const auto square = [](double x) { return x * x; };
#else
    const std::function<double(double)> square = [](double x) { return x * x; };
#endif
    const std::vector<double> r = mpimap::mpi_map(world, square, xs);
    return r.size() == 3 ? 0 : 1;
}
