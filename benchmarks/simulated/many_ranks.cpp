// Efficiency with many simulated ranks: E = lower bound / simulated time, where the bound is max(longest
// item, sum / ranks), that of an ideal list scheduler on the same items, and what the root does with its
// time.
//
//   many_ranks SECONDS ITEMS_PER_RANK WORKLOAD SEEDS SCHEDULE...
//
// WORKLOAD: the beginning of a name in workload.hpp, such as 2 or 3a, or all. SCHEDULE: of mpi_map, or a call
// of a pool: pool.map, imap, uimap, submit.

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <mpi.h>

#include <mpimap/map.hpp>
#include <mpimap/pool.hpp>

#include "../comparison.hpp"
#include "../workload.hpp"
#include "simulation.hpp"

namespace {

double item(double seconds) {
    simulation::compute(seconds);
    return seconds;
}

struct outcome {
    double efficiency = 0;
    double ideal = 0; // efficiency of the ideal list scheduler
};

/// How a workload is run.
struct way {
    std::string name;
    std::optional<mpimap::schedule> schedule; // of mpi_map; none: a call of a pool
};

std::optional<way> way_of(const std::string& name) {
    for (const auto& [known, schedule] : benchmark::named_schedules()) {
        if (known == name)
            return way{name, schedule};
    }
    for (const char* call : {"pool.map", "imap", "uimap", "submit"}) {
        if (name == call)
            return way{name, std::nullopt};
    }
    return std::nullopt;
}

std::vector<double> call_of_pool(mpimap::pool& pool, const std::string& call,
                                 const std::vector<double>& items) {
    std::vector<double> results(items.size());
    if (call == "pool.map")
        return pool.map(item, items);
    if (call == "imap") {
        std::size_t i = 0;
        for (const double x : pool.imap(item, items))
            results[i++] = x;
    } else if (call == "uimap") {
        for (const auto& [i, x] : pool.uimap(item, items))
            results[i] = x;
    } else {
        std::vector<mpimap::future<double>> all;
        all.reserve(items.size());
        for (const double x : items)
            all.push_back(pool.submit(item, x));
        for (std::size_t i = 0; i < all.size(); ++i)
            results[i] = all[i].get();
    }
    return results;
}

/// One call; the root's load is in simulation::watched() after it.
outcome measure(MPI_Comm comm, const benchmark::workload& w, const way& how,
                const std::vector<double>& items) {
    int rank = 0;
    int ranks = 1;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &ranks);
    mpimap::options o{.schedule = how.schedule.value_or(mpimap::schedule::automatic)};
    if (w.hint)
        o.costs = items;
    std::optional<mpimap::pool> pool;
    if (!how.schedule)
        pool.emplace(comm);
    if (pool && !*pool)
        return {}; // has served
    if (!pool)
        MPI_Barrier(comm);
    if (rank == 0)
        simulation::watch_me();
    const double begin = simulation::now();
    const std::vector<double> results =
        pool ? call_of_pool(*pool, how.name, items) : mpimap::mpi_map(comm, o, item, items);
    const double seconds = simulation::now() - begin;
    if (rank != 0)
        return {};
    if (results != items) {
        std::fprintf(stderr, "%s with %d ranks: wrong results\n", w.name.c_str(), ranks);
        std::exit(EXIT_FAILURE);
    }
    const double bound = benchmark::lower_bound(items, ranks);
    const double ideal = w.hint ? bound : benchmark::ideal_list_schedule(items, ranks);
    return {bound / seconds, bound / ideal};
}

/// Medians over the seeds, and what the root did in the last call.
void measure(MPI_Comm comm, const benchmark::workload& w, double mean, std::size_t n, int seeds,
             const way& how) {
    std::vector<double> efficiencies;
    std::vector<double> ideals;
    std::vector<double> ratios;
    double seconds = 0;
    for (int seed = 1; seed <= seeds; ++seed) {
        std::mt19937_64 random(static_cast<std::uint64_t>(seed));
        const benchmark::item_lengths items = n == 0 ? benchmark::item_lengths() : w.make(n, mean, random);
        const double begin = simulation::now();
        const outcome o = measure(comm, w, how, items);
        seconds = simulation::now() - begin;
        efficiencies.push_back(o.efficiency);
        ideals.push_back(o.ideal);
        ratios.push_back(o.efficiency / o.ideal);
    }
    if (n == 0)
        return;
    int ranks = 1;
    MPI_Comm_size(comm, &ranks);
    const simulation::load l = simulation::watched();
    // Besides the chunks, the root sends every other rank the end of the call.
    const double chunks = static_cast<double>(l.sent) - (ranks - 1);
    std::printf(
        "%5d | %7.3g ms | %-23s | %-9s | %5.3f | %5.3f | %5.3f | %9.2f ms | %5.1f %% | %5.1f %% | %8.0f | "
        "%8.2f | %6.2f us\n",
        ranks, 1e3 * mean, w.name.c_str(), how.name.c_str(), benchmark::median(efficiencies),
        benchmark::median(ideals), benchmark::median(ratios), 1e3 * seconds,
        100 * (seconds - l.items - l.naps) / seconds, 100 * l.items / seconds, chunks,
        static_cast<double>(l.sent + l.received) / static_cast<double>(n), 1e6 * l.cpu / chunks);
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
    const double mean = std::atof(argv[1]);
    const std::string chosen = argv[3];
    const int seeds = std::atoi(argv[4]);
    // The first call on a communicator duplicates it.
    static_cast<void>(mpimap::mpi_map(comm, item, std::vector<double>()));
    for (const benchmark::workload& w : benchmark::workloads()) {
        if (chosen != "all" && w.name.rfind(chosen, 0) != 0)
            continue;
        const int draws = w.name[0] == '3' ? seeds : 1; // the others are not random
        for (int i = 5; i < argc; ++i) {
            const std::optional<way> how = way_of(argv[i]);
            if (how && (!w.hint || how->schedule == mpimap::schedule::automatic))
                measure(comm, w, mean, n, draws, *how);
        }
    }
    MPI_Comm_free(&comm);
    MPI_Finalize();
    return 0;
}
