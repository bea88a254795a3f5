// Ten million items that do nothing, int to int, no options: the cost per item.

#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "comparison.hpp"

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const int n = argc > 1 ? std::atoi(argv[1]) : 10'000'000;
    std::vector<int> xs(world.rank() == 0 ? static_cast<std::size_t>(n) : 0);
    std::iota(xs.begin(), xs.end(), 0);
    std::vector<int> ys;
    const auto identity = [](int x) { return x; };
    const auto times = benchmark::take_turns(
        world,
        {[&] { ys = mpimap::mpi_map(world, identity, xs); },
         [&] { // the same done by an expert: an even split
             const int half = n / world.size();
             std::vector<int> mine(static_cast<std::size_t>(half));
             std::vector<int> all(world.rank() == 0 ? static_cast<std::size_t>(half * world.size()) : 0);
             MPI_Scatter(xs.data(), half, MPI_INT, mine.data(), half, MPI_INT, 0, world);
             for (int& x : mine) x = identity(x);
             MPI_Gather(mine.data(), half, MPI_INT, all.data(), half, MPI_INT, 0, world);
         }},
        7);
    if (world.rank() == 0 && xs != ys) {
        std::fprintf(stderr, "the results differ\n");
        return 1;
    }
    benchmark::print_row(world, "B1",
                         std::to_string(n) + " empty items, " + std::to_string(world.size()) + " ranks: us per item",
                         times[0] / n * 1e6, benchmark::better::below, 1,
                         benchmark::seconds_text(times[0]) + " in all; MPI_Scatter + MPI_Gather " +
                             benchmark::seconds_text(times[1]));
    return 0;
}
