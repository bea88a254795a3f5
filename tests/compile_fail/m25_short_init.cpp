// Sizes summed in an int.
// first build error: mpimap\[M25\]

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<std::string> names{"Uccle", "Zurich"};
    const auto length = [](const std::string& name) { return name.size(); };
#ifdef MEND
    const auto sum = mpimap::mpi_map_reduce(world, std::plus<>{}, std::size_t{0}, length, names);
#else
    const auto sum = mpimap::mpi_map_reduce(world, std::plus<>{}, 0, length, names);
#endif
    return sum > 0 ? 0 : 1;
}
