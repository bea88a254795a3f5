// A text that is meant as a constant.
// first build error: mpimap\[M24\]
// build error: string.*at::argument<2>

#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const std::string unit = "m";
    const auto label = [](double x, const std::string& u) { return std::to_string(x) + u; };
#ifdef MEND
    const std::vector<std::string> r = mpimap::mpi_map(world, label, xs, mpimap::broadcast(unit));
#else
    const std::vector<std::string> r = mpimap::mpi_map(world, label, xs, unit);
#endif
    return r.size() == 3 ? 0 : 1;
}
