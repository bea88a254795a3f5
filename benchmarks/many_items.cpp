// Ten million items that do nothing: time, and the root's memory per item besides input and results.

#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "comparison.hpp"

// One schedule per process: the peak of memory that the system counts never goes down.
int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::string how = argc > 1 ? argv[1] : "automatic";
    const int n = argc > 2 ? std::atoi(argv[2]) : 10'000'000;

    std::vector<int> xs(world.rank() == 0 ? static_cast<std::size_t>(n) : 0);
    std::iota(xs.begin(), xs.end(), 0);
    mpimap::options o;
    if (how == "static")
        o.schedule = mpimap::schedule::static_;
    if (how == "dynamic")
        o.schedule = mpimap::schedule::dynamic; // chunks of one item
    if (how == "costs" && world.rank() == 0) {
        for (const int x : xs)
            o.costs.push_back(1 + x % 100);
    }
    const auto add_one = [](int x) { return x + 1; };
    // What a first call sets up is not the items'.
    const std::vector<int> few = mpimap::mpi_map(world, add_one, std::vector<int>(1000, 1));
    MPI_Barrier(world);

    const double before = benchmark::memory_of_process("VmRSS");
    const double begin = benchmark::now();
    const std::vector<int> ys = mpimap::mpi_map(world, o, add_one, xs);
    const double seconds = benchmark::now() - begin;
    const double results = static_cast<double>(ys.size()) * sizeof(int);
    const double overhead = (benchmark::memory_of_process("VmHWM") - before - results) / n;
    if (world.rank() == 0) {
        for (std::size_t i = 0; i < xs.size(); ++i) {
            if (ys[i] != xs[i] + 1) {
                std::fprintf(stderr, "the results differ\n");
                return 1;
            }
        }
    }
    const std::string what =
        std::to_string(n) + " items, " + how + ", " + std::to_string(world.size()) + " ranks: ";
    benchmark::print_row(world, "A14", what + "bytes per item", overhead, benchmark::better::below, 32,
                         "besides " + benchmark::bytes_text(results) + " of results and as much input");
    benchmark::print_row(world, "A14", what + "seconds", seconds, benchmark::better::below, 60,
                         benchmark::seconds_text(seconds / n) + " per item");
    return 0;
}
