// A map over nothing at all.
// first build error: mpimap\[M01\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
#ifdef MEND
    const std::vector<int> ones = mpimap::mpi_map(
        world, [](std::size_t) { return 1; }, mpimap::indices(3));
#else
    const std::vector<int> ones = mpimap::mpi_map(world, [](std::size_t) { return 1; });
#endif
    return ones.size() == 3 ? 0 : 1;
}
