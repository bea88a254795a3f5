// A table that is meant as a constant.
// first build error: mpimap\[M24\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<std::size_t> numbers{0, 1, 2};
    const std::vector<double> table{1, 2, 3};
    const auto look_up = [](std::size_t i, const std::vector<double>& all) { return all[i]; };
#ifdef MEND
    const std::vector<double> r = mpimap::mpi_map(world, look_up, numbers, mpimap::broadcast(table));
#else
    const std::vector<double> r = mpimap::mpi_map(world, look_up, numbers, table);
#endif
    return r.size() == 3 ? 0 : 1;
}
