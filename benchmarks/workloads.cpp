// Efficiency of the schedules on workloads of sleeping items, so that two cores can serve many ranks:
// E = lower bound / measured time, where the bound is max(longest item, sum / ranks). Beside it an ideal list scheduler,
// simulated on the same items: in order, one item at a time, no overhead.
//
// Of the same calls the efficiency of their reports, beside busy time as measured here: what the items slept by their own
// clocks, as a part of the time around the call on all ranks. That is more than E by what sleeping takes too long, and less
// where the longest item is the bound. The last row says by how much report and measurement differ: more than 2 % are too
// much, unless other programs want the cores when calls begin and end.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "comparison.hpp"
#include "workload.hpp"

namespace {

double slept = 0; // on this rank, by the clock of the items themselves

void rest(double seconds) {
    const double begin = benchmark::now();
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    slept += benchmark::now() - begin;
}

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const auto per_rank = static_cast<std::size_t>(argc > 1 ? std::atoi(argv[1]) : 100);
    const double mean = argc > 2 ? std::atof(argv[2]) : 10e-3;
    const int seeds = argc > 3 ? std::atoi(argv[3]) : 3;
    const std::size_t n = per_rank * static_cast<std::size_t>(world.size());

    // The first call on a communicator duplicates it.
    mpimap::mpi_for_each(world, [](double) {}, std::vector<double>(static_cast<std::size_t>(world.size())));
    double largest = 0; // of the workloads' medians: a single call may be interrupted behind its last item
    for (const benchmark::workload& w : benchmark::workloads()) {
        std::map<std::string, std::vector<double>> busy_here; // by schedule, as efficiency
        std::map<std::string, std::vector<double>> busy_reported;
        std::vector<double> differences;
        std::map<std::string, std::vector<double>> efficiency;
        std::vector<double> to_ideal;
        for (int seed = 0; seed < seeds; ++seed) {
            std::mt19937_64 random(static_cast<std::uint64_t>(seed) + 1);
            const benchmark::item_lengths t = w.make(n, mean, random);
            const double bound = benchmark::lower_bound(t, world.size());
            const double ideal = w.hint ? bound : benchmark::ideal_list_schedule(t, world.size());
            efficiency["ideal"].push_back(bound / ideal);
            for (const auto& [name, schedule] : benchmark::named_schedules()) {
                if (w.hint && schedule != mpimap::schedule::automatic) continue;
                mpimap::report r;
                mpimap::options o{.schedule = schedule, .report = &r};
                if (w.hint) o.costs = t;
                slept = 0;
                MPI_Barrier(world);
                const double begin = benchmark::now();
                mpimap::mpi_for_each(world, o, rest, t);
                const double seconds = benchmark::now() - begin;
                double busy = 0;
                MPI_Reduce(&slept, &busy, 1, MPI_DOUBLE, MPI_SUM, 0, world);
                if (world.rank() == 0) {
                    busy_here[name].push_back(busy / (world.size() * seconds));
                    busy_reported[name].push_back(r.efficiency());
                    differences.push_back(std::abs(r.efficiency() * world.size() * seconds / busy - 1));
                }
                efficiency[name].push_back(bound / seconds);
                if (schedule == mpimap::schedule::automatic) to_ideal.push_back(ideal / seconds);
            }
        }
        if (world.rank() != 0) continue;
        std::string detail;
        for (const char* name : {"ideal", "automatic", "static_", "dynamic", "guided", "factoring"}) {
            if (!efficiency.contains(name)) continue;
            char text[64];
            std::snprintf(text, sizeof text, "%s%s %.2f", detail.empty() ? "E: " : ", ", name,
                          benchmark::median(efficiency[name]));
            detail += text;
            std::string label = w.name;
            std::replace(label.begin(), label.end(), ' ', '_');
            benchmark::print_point(world, "workload", name, label, benchmark::median(efficiency[name]));
        }
        const double difference = benchmark::median(differences);
        largest = std::max(largest, difference);
        std::printf("%s, automatic: E %.3f; busy %.3f as measured, %.3f in the report; they differ by %.2f %%, at most %.2f %% "
                    "(all schedules)\n",
                    w.name.c_str(), benchmark::median(efficiency["automatic"]), benchmark::median(busy_here["automatic"]),
                    benchmark::median(busy_reported["automatic"]), 100 * difference,
                    100 * *std::max_element(differences.begin(), differences.end()));
        const char* const row = w.hint ? "B6" : w.name[0] <= '3' ? "B4" : "B5";
        const std::string what = w.name + ", " + std::to_string(world.size()) + " ranks, items of " +
                                 benchmark::seconds_text(mean) + ": automatic / ";
        benchmark::print_row(world, row, what + "ideal", benchmark::median(to_ideal), benchmark::better::above, 0.95,
                             detail);
        if (w.hint) continue;
        double best = 0;
        for (const auto& [name, e] : efficiency) {
            if (name != "ideal" && name != "automatic") best = std::max(best, benchmark::median(e));
        }
        benchmark::print_row(world, row, what + "best of the others", benchmark::median(efficiency["automatic"]) / best,
                             benchmark::better::above, 0.95, "");
    }
    benchmark::print_row(world, "-",
                         "efficiency, " + std::to_string(world.size()) + " ranks: report / measured, largest difference",
                         largest, benchmark::better::below, 0.02, "");
    return 0;
}
