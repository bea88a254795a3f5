// A thousand maps of nothing, and of one item: what a call costs beside MPI_Barrier.

#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "comparison.hpp"

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    constexpr int calls = 1000;
    const std::vector<double> nothing;
    const std::vector<double> one(1, 1.0);
    const auto twice = [](double x) { return 2 * x; };
    std::vector<double> results;
    const auto times = benchmark::take_turns(
        world,
        {[&] {
             for (int i = 0; i < calls; ++i) MPI_Barrier(world);
         },
         [&] {
             for (int i = 0; i < calls; ++i) results = mpimap::mpi_map(world, twice, nothing);
         },
         [&] {
             for (int i = 0; i < calls; ++i) results = mpimap::mpi_map(world, twice, one);
         }},
        11);
    const double barrier = times[0] / calls;
    const double empty = times[1] / calls;
    const std::string ranks = std::to_string(world.size()) + " ranks";
    benchmark::print_row(world, "B14", "empty map, " + ranks + ": time / (5 x MPI_Barrier + 20 us)",
                         empty / (5 * barrier + 20e-6), benchmark::better::below, 1,
                         benchmark::seconds_text(empty) + "; MPI_Barrier " + benchmark::seconds_text(barrier) +
                             "; map of one item " + benchmark::seconds_text(times[2] / calls));
    return 0;
}
