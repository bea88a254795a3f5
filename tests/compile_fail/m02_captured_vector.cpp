// A lambda that captures a vector. One value for all items is a broadcast.
// first build error: mpimap\[M02\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> table{1, 4, 9};
    const std::vector<std::size_t> is{0, 2};
#ifdef MEND
    const std::vector<double> r = mpimap::mpi_map(
        world, [](const std::vector<double>& t, std::size_t i) { return t.at(i); }, mpimap::broadcast(table),
        is);
#else
    const std::vector<double> r = mpimap::mpi_map(
        world, [table](std::size_t i) { return table.at(i); }, is);
#endif
    return r.size() == 2 ? 0 : 1;
}
