// METG(95 %), the "minimum effective task granularity" of Task Bench (Slaughter et al., SC 2020): the
// shortest items at which a map without options reaches 95 % of the efficiency of a plain loop over evenly
// split items.
//
//   bench_metg computing|sleeping [repetitions]
//
// Computing items need a core per rank. Sleeping items stand for more ranks than cores; what a sleep of this
// length takes in truth, wake-up included, is measured by the plain loop on the same number of ranks, in
// turns with the map.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <sys/prctl.h>

#include <boost/mpi/collectives.hpp>
#include <boost/mpi/communicator.hpp>
#include <boost/serialization/vector.hpp>

#include <mpimap/mpimap.hpp>

#include "comparison.hpp"

namespace {

/// A chain of dependent operations: its time does not depend on memory or on the other core's caches.
[[gnu::noinline]] double compute(std::size_t steps, double item) {
    double x = 1 + item;
    for (std::size_t i = 0; i < steps; ++i)
        x = x * 0.999999 + 1e-6;
    return x;
}

/// Linux adds 50 us to a thread's sleeps unless told otherwise. Only the items are told: how mpimap waits is
/// its own.
double rest(double seconds, double item) {
    const int slack = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    prctl(PR_SET_TIMERSLACK, static_cast<unsigned long>(slack), 0, 0, 0);
    return 1 + item;
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

/// One item of the length wanted: plain data, so that its bytes travel.
struct work {
    bool computing;
    std::size_t steps;
    double seconds;
    double operator()(double item) const { return computing ? compute(steps, item) : rest(seconds, item); }
};

std::vector<double> run(const work& f, const std::vector<double>& xs) {
    std::vector<double> ys;
    ys.reserve(xs.size());
    for (const double x : xs)
        ys.push_back(f(x));
    return ys;
}

struct point {
    double item;
    double efficiency;
};

/// Where the efficiency passes 0.95 for good, between two points on a logarithmic axis; 0 if it never does.
double effective_granularity(const std::vector<point>& points) {
    constexpr double wanted = 0.95;
    double found = 0;
    for (std::size_t i = points.size(); i-- > 0 && points[i].efficiency >= wanted;) {
        found = points[i].item;
        if (i == 0 || points[i - 1].efficiency >= wanted)
            continue;
        const double part =
            (points[i].efficiency - wanted) / (points[i].efficiency - points[i - 1].efficiency);
        found *= std::pow(points[i - 1].item / points[i].item, part);
    }
    return found;
}

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const bool computing = argc < 2 || std::string(argv[1]) == "computing";
    const int repetitions = argc > 2 ? std::atoi(argv[2]) : 9;
    const auto ranks = static_cast<std::size_t>(world.size());
    double rate = world.rank() == 0 ? steps_per_second() : 0;
    MPI_Bcast(&rate, 1, MPI_DOUBLE, 0, world);

    std::vector<point> points;
    std::vector<point> of_plain;
    std::string detail;
    for (const double item : {1e-6, 2e-6, 5e-6, 10e-6, 20e-6, 50e-6, 100e-6, 1e-3, 10e-3}) {
        const work f{computing, static_cast<std::size_t>(rate * item), item};
        // A sleep of no time takes some microseconds, too.
        const double about =
            computing ? item : std::max(item + 20e-6, 20e-6 * static_cast<double>(ranks) / 2);
        const auto per_rank = static_cast<std::size_t>(std::lround(std::max(0.1, 30 * item) / about));
        std::vector<double> xs;
        for (std::size_t i = 0; i < per_rank * ranks; ++i)
            xs.push_back(static_cast<double>(i));
        const auto mine =
            std::vector<double>(xs.begin() + static_cast<std::ptrdiff_t>(per_rank) * world.rank(),
                                xs.begin() + static_cast<std::ptrdiff_t>(per_rank) * (world.rank() + 1));
        const int count = static_cast<int>(per_rank);
        std::vector<double> own;
        std::vector<double> plain(world.rank() == 0 ? xs.size() : 0);
        std::vector<double> boost;
        std::vector<double> ours;
        const auto times = benchmark::take_turns(
            world,
            {[&] { // the items alone
                 own = run(f, mine);
                 MPI_Barrier(world);
             },
             [&] { ours = mpimap::mpi_map(world, f, xs); },
             [&] {
                 std::vector<double> part(per_rank);
                 MPI_Scatter(xs.data(), count, MPI_DOUBLE, part.data(), count, MPI_DOUBLE, 0, world);
                 const std::vector<double> done = run(f, part);
                 MPI_Gather(done.data(), count, MPI_DOUBLE, plain.data(), count, MPI_DOUBLE, 0, world);
             },
             [&] {
                 std::vector<std::vector<double>> parts;
                 std::vector<double> part;
                 if (world.rank() == 0) {
                     for (std::size_t r = 0; r < ranks; ++r) {
                         parts.emplace_back(xs.begin() + static_cast<std::ptrdiff_t>(r * per_rank),
                                            xs.begin() + static_cast<std::ptrdiff_t>((r + 1) * per_rank));
                     }
                 }
                 boost::mpi::scatter(world, parts, part, 0);
                 part = run(f, part);
                 boost::mpi::gather(world, part, parts, 0);
                 boost.clear();
                 for (const auto& p : parts) {
                     if (world.rank() == 0)
                         boost.insert(boost.end(), p.begin(), p.end());
                 }
             }},
            repetitions);
        if (world.rank() == 0 && (ours != plain || boost != plain)) {
            std::fprintf(stderr, "the results differ\n");
            return 1;
        }
        const double measured = times[0] / static_cast<double>(per_rank);
        // Longer items are for the picture: there the last item of a rank, not their overhead, limits the
        // efficiency.
        if (item < 2e-3) {
            points.push_back({measured, times[0] / times[1]});
            of_plain.push_back({measured, times[0] / times[2]});
        }
        if (computing) {
            char x[32];
            std::snprintf(x, sizeof x, "%.3g", measured);
            benchmark::print_point(world, "efficiency", "mpimap", x, times[0] / times[1]);
            benchmark::print_point(world, "efficiency", "plain_MPI", x, times[0] / times[2]);
            benchmark::print_point(world, "efficiency", "Boost.MPI", x, times[0] / times[3]);
        }
        char text[64];
        std::snprintf(text, sizeof text, "%s%s %.2f", detail.empty() ? "" : ", ",
                      benchmark::seconds_text(measured).c_str(), times[0] / times[1]);
        detail += text;
    }
    const double found = effective_granularity(points);
    const double plain_found = effective_granularity(of_plain);
    detail += "; plain MPI: " + (plain_found > 0 ? benchmark::seconds_text(plain_found) : "never");
    benchmark::print_row(world, computing ? "B3" : "C6",
                         "METG(95 %), " + std::string(computing ? "computing" : "sleeping") + " items, " +
                             std::to_string(ranks) + " ranks: us",
                         found > 0 ? found * 1e6 : HUGE_VAL, benchmark::better::below, computing ? 20 : 100,
                         detail);
    return 0;
}
