// Items that compute for 1 us to 1 s, no options, beside a plain loop that splits them evenly over the ranks.

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "comparison.hpp"

namespace {

/// A chain of dependent operations: its time does not depend on memory or on the other core's caches.
[[gnu::noinline]] double compute(std::size_t steps, std::size_t item) {
    double x = 1.0 + static_cast<double>(item); // a value of the item's own: nobody computes it once for all
    for (std::size_t i = 0; i < steps; ++i) x = x * 0.999999 + 1e-6;
    return x;
}

double steps_per_second() {
    double best = 0;
    for (int i = 0; i < 5; ++i) {
        constexpr std::size_t steps = 2'000'000;
        const double begin = benchmark::now();
        volatile double sink = compute(steps, 1);
        (void)sink;
        best = std::max(best, static_cast<double>(steps) / (benchmark::now() - begin));
    }
    return best;
}

} // namespace

int main(int argc, char** argv) {
    // "single": as a host program that initialised MPI without threads.
    if (argc > 1 && std::string(argv[1]) == "single") {
        int provided = 0;
        MPI_Init_thread(&argc, &argv, MPI_THREAD_SINGLE, &provided);
    }
    {
        const mpimap::environment env(argc, argv);
        const boost::mpi::communicator world;
        const double longest = argc > 2 ? std::atof(argv[2]) : 0.1;
        const std::string note = argc > 1 ? std::string(", ") + argv[1] : "";
        double rate = world.rank() == 0 ? steps_per_second() : 0;
        MPI_Bcast(&rate, 1, MPI_DOUBLE, 0, world);
        for (double item = 1e-6; item <= longest * 1.0001; item *= 10) {
            const auto steps = static_cast<std::size_t>(rate * item);
            const double total = std::max(0.1, 40 * item); // per rank
            const auto n = static_cast<std::size_t>(std::lround(total / item)) * static_cast<std::size_t>(world.size());
            std::vector<double> ours;
            std::vector<double> plain(world.rank() == 0 ? n : 0);
            const int repetitions = item >= 0.1 ? 5 : 15;
            const auto times = benchmark::take_turns(
                world,
                {[&] {
                     const std::size_t mine = n / static_cast<std::size_t>(world.size());
                     std::vector<double> part(mine);
                     const std::size_t first = mine * static_cast<std::size_t>(world.rank());
                     for (std::size_t i = 0; i < mine; ++i) part[i] = compute(steps, first + i);
                     MPI_Gather(part.data(), static_cast<int>(mine), MPI_DOUBLE, plain.data(), static_cast<int>(mine),
                                MPI_DOUBLE, 0, world);
                 },
                 [&] {
                     ours = mpimap::mpi_map(world, [steps](std::size_t i) { return compute(steps, i); }, mpimap::indices(n));
                 }},
                repetitions);
            if (world.rank() == 0 && ours != plain) {
                std::fprintf(stderr, "the results differ\n");
                return 1;
            }
            benchmark::print_row(world, "B13",
                                 "items of " + benchmark::seconds_text(item) + ", " + std::to_string(world.size()) +
                                     " ranks" + note + ": plain / mpimap",
                                 times[0] / times[1], benchmark::better::above, item < 9e-6 ? 0.90 : 0.95,
                                 benchmark::seconds_text(times[0]) + " / " + benchmark::seconds_text(times[1]));
        }
    }
    int finalised = 0;
    MPI_Finalized(&finalised);
    if (finalised == 0) MPI_Finalize();
    return 0;
}
