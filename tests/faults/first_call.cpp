// The last rank comes to the first call when the root has waited for long: the root has said so, and goes on.

#include <chrono>
#include <thread>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "deadline.hpp"

int main(int argc, char** argv) {
    const mpimap::environment environment(argc, argv);
    const boost::mpi::communicator world;
    const faults::deadline limit("a first call that one rank comes to late", 40);
    if (world.rank() == world.size() - 1)
        std::this_thread::sleep_for(std::chrono::seconds(11));
    const std::vector<int> xs{1, 2, 3};
    const auto twice = mpimap::mpi_map(
        world, [](int x) { return 2 * x; }, xs);
    return world.rank() == 0 && twice != std::vector<int>{2, 4, 6} ? 1 : 0;
}
