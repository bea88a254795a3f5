// The elements do not fit the function's parameters.
// first build error: mpimap\[M04\]

#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
#ifdef MEND
    const auto length = [](double x) { return std::to_string(x).size(); };
#else
    const auto length = [](const std::string& s) { return s.size(); };
#endif
    const std::vector<std::size_t> r = mpimap::mpi_map(world, length, xs);
    return r.size() == 3 ? 0 : 1;
}
