// A lambda that captures a string: its bytes are pointers. A bound argument travels.
// first build error: mpimap\[M02\]

#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const std::string unit = "m";
#ifdef MEND
    const auto label = [](const std::string& u, double x) { return std::to_string(x) + u; };
    const std::vector<std::string> r = mpimap::mpi_map(world, mpimap::bind_front(label, unit), xs);
#else
    const std::vector<std::string> r = mpimap::mpi_map(
        world, [unit](double x) { return std::to_string(x) + unit; }, xs);
#endif
    return r.size() == 3 ? 0 : 1;
}
