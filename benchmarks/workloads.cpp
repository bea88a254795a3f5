// Efficiency of the schedules on workloads of sleeping items, so that two cores can serve many ranks:
// E = lower bound / measured time, where the bound is max(longest item, sum / ranks). Beside it an ideal list scheduler,
// simulated on the same items: in order, one item at a time, no overhead.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <numeric>
#include <queue>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "comparison.hpp"

namespace {

using items = std::vector<double>; // seconds

double lower_bound(const items& t, int ranks) {
    return std::max(*std::max_element(t.begin(), t.end()), std::accumulate(t.begin(), t.end(), 0.0) / ranks);
}

double ideal_list_schedule(const items& t, int ranks) {
    std::priority_queue<double, std::vector<double>, std::greater<>> free_at;
    for (int r = 0; r < ranks; ++r) free_at.push(0);
    double end = 0;
    for (const double item : t) {
        const double done = free_at.top() + item;
        free_at.pop();
        free_at.push(done);
        end = std::max(end, done);
    }
    return end;
}

struct workload {
    std::string name;
    std::function<items(std::size_t n, double mean, std::mt19937_64& random)> make;
    bool hint = false;
};

items drawn(std::size_t n, const std::function<double()>& draw) {
    items t(n);
    for (double& x : t) x = draw();
    return t;
}
items scaled(items t, double mean) {
    const double factor = mean * static_cast<double>(t.size()) / std::accumulate(t.begin(), t.end(), 0.0);
    for (double& x : t) x *= factor;
    return t;
}

items sorted(std::size_t n, double mean, bool increasing) {
    items t(n);
    for (std::size_t i = 0; i < n; ++i) t[i] = 0.2 + 1.6 * static_cast<double>(increasing ? i : n - i) / static_cast<double>(n);
    return scaled(std::move(t), mean);
}
items straggler(std::size_t n, double mean, std::size_t at) {
    items t(n, mean);
    t[at] = 100 * mean;
    return t;
}

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const auto per_rank = static_cast<std::size_t>(argc > 1 ? std::atoi(argv[1]) : 100);
    const double mean = argc > 2 ? std::atof(argv[2]) : 10e-3;
    const int seeds = argc > 3 ? std::atoi(argv[3]) : 3;
    const std::size_t n = per_rank * static_cast<std::size_t>(world.size());

    const std::vector<workload> workloads = {
        {"2 uniform", [](std::size_t k, double m, auto&) { return items(k, m); }},
        {"3a exponential",
         [](std::size_t k, double m, auto& r) {
             std::exponential_distribution<double> d(1 / m);
             return drawn(k, [&] { return d(r); });
         }},
        {"3b Pareto(1.5)",
         [](std::size_t k, double m, auto& r) {
             std::uniform_real_distribution<double> d(0, 1);
             return drawn(k, [&] { return std::min(m / 3 / std::pow(1 - d(r), 1 / 1.5), 100 * m); });
         }},
        {"3c lognormal(1.5)",
         [](std::size_t k, double m, auto& r) {
             std::lognormal_distribution<double> d(std::log(m) - 1.125, 1.5);
             return drawn(k, [&] { return std::min(d(r), 100 * m); });
         }},
        {"4a increasing", [](std::size_t k, double m, auto&) { return sorted(k, m, true); }},
        {"4b decreasing", [](std::size_t k, double m, auto&) { return sorted(k, m, false); }},
        {"5 straggler first", [](std::size_t k, double m, auto&) { return straggler(k, m, 0); }},
        {"5 straggler middle", [](std::size_t k, double m, auto&) { return straggler(k, m, k / 2); }},
        {"5 straggler last", [](std::size_t k, double m, auto&) { return straggler(k, m, k - 1); }},
        {"4a increasing, costs", [](std::size_t k, double m, auto&) { return sorted(k, m, true); }, true},
        {"5 straggler last, costs", [](std::size_t k, double m, auto&) { return straggler(k, m, k - 1); }, true},
    };
    const std::vector<std::pair<std::string, mpimap::schedule>> named = {{"automatic", mpimap::schedule::automatic},
                                                                         {"static_", mpimap::schedule::static_},
                                                                         {"dynamic", mpimap::schedule::dynamic},
                                                                         {"guided", mpimap::schedule::guided},
                                                                         {"factoring", mpimap::schedule::factoring}};
    for (const workload& w : workloads) {
        std::map<std::string, std::vector<double>> efficiency;
        std::vector<double> to_ideal;
        for (int seed = 0; seed < seeds; ++seed) {
            std::mt19937_64 random(static_cast<std::uint64_t>(seed) + 1);
            const items t = w.make(n, mean, random);
            const double bound = lower_bound(t, world.size());
            const double ideal = w.hint ? bound : ideal_list_schedule(t, world.size());
            efficiency["ideal"].push_back(bound / ideal);
            for (const auto& [name, schedule] : named) {
                if (w.hint && schedule != mpimap::schedule::automatic) continue;
                mpimap::options o{.schedule = schedule};
                if (w.hint) o.costs = t;
                MPI_Barrier(world);
                const double begin = benchmark::now();
                mpimap::mpi_for_each(
                    world, o, [](double s) { std::this_thread::sleep_for(std::chrono::duration<double>(s)); }, t);
                const double seconds = benchmark::now() - begin;
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
        benchmark::print_row(world, w.hint ? "B6" : w.name[0] <= '3' ? "B4" : "B5",
                             w.name + ", " + std::to_string(world.size()) + " ranks: automatic / ideal",
                             benchmark::median(to_ideal), benchmark::better::above, 0.95, detail);
    }
    return 0;
}
