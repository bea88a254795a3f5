// Efficiency with many simulated ranks: E = lower bound / simulated time, where the bound is max(longest
// item, sum / ranks), and what the root does with its time.
//
//   many_ranks SECONDS ITEMS_PER_RANK SCHEDULE...

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <mpi.h>

#include <mpimap/map.hpp>

#include "simulation.hpp"

namespace {

const std::vector<std::pair<std::string, mpimap::schedule>> schedules = {
    {"automatic", mpimap::schedule::automatic},
    {"static_", mpimap::schedule::static_},
    {"dynamic", mpimap::schedule::dynamic},
    {"guided", mpimap::schedule::guided},
    {"factoring", mpimap::schedule::factoring}};

double item(double seconds) {
    simulation::compute(seconds);
    return seconds;
}

void measure(MPI_Comm comm, const std::string& name, mpimap::schedule how, const std::vector<double>& items) {
    int rank = 0;
    int ranks = 1;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &ranks);
    MPI_Barrier(comm);
    if (rank == 0)
        simulation::watch_me();
    const double begin = simulation::now();
    const std::vector<double> results = mpimap::mpi_map(comm, {.schedule = how}, item, items);
    const double seconds = simulation::now() - begin;
    if (rank != 0)
        return;
    if (results != items) {
        std::fprintf(stderr, "%s with %d ranks: wrong results\n", name.c_str(), ranks);
        std::exit(EXIT_FAILURE);
    }
    const simulation::load l = simulation::watched();
    double sum = 0;
    double longest = 0;
    for (const double s : items) {
        sum += s;
        longest = std::max(longest, s);
    }
    const double bound = std::max(longest, sum / ranks);
    // Besides the chunks, the root sends every other rank the end of the call.
    const double chunks = static_cast<double>(l.sent) - (ranks - 1);
    std::printf("%5d | %7.3g ms | %-9s | %5.3f | %9.2f ms | %5.1f %% | %5.1f %% | %8.0f | %8.2f | %6.2f us\n",
                ranks, 1e3 * items[0], name.c_str(), bound / seconds, 1e3 * seconds,
                100 * (seconds - l.items - l.naps) / seconds, 100 * l.items / seconds, chunks,
                static_cast<double>(l.sent + l.received) / static_cast<double>(items.size()),
                1e6 * l.cpu / chunks);
    std::fflush(stdout);
}

} // namespace

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    // Simulated ranks share MPI_COMM_WORLD as an object, with its attributes; other communicators are each
    // rank's own.
    MPI_Comm comm = MPI_COMM_NULL;
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_split(MPI_COMM_WORLD, 0, rank, &comm);
    int ranks = 1;
    MPI_Comm_size(comm, &ranks);
    const std::size_t n =
        rank == 0 ? static_cast<std::size_t>(ranks) * std::strtoull(argv[2], nullptr, 10) : 0;
    const std::vector<double> items(n, std::atof(argv[1]));
    // The first call on a communicator duplicates it.
    static_cast<void>(mpimap::mpi_map(comm, item, std::vector<double>()));
    for (int i = 3; i < argc; ++i) {
        for (const auto& [name, how] : schedules) {
            if (name == argv[i])
                measure(comm, name, how, items);
        }
    }
    MPI_Comm_free(&comm);
    MPI_Finalize();
    return 0;
}
