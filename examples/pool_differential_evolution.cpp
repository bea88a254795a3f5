// An optimiser that runs on the root alone and has each generation evaluated on all ranks. The sunspot
// numbers are fitted by an offset and three sinusoids; the strongest turns out to have the solar cycle's 11
// years.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iostream>
#include <numbers>
#include <numeric>
#include <random>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "check.hpp"
#include "periodogram/two_columns.hpp"

using frequencies = std::array<double, 3>; // cycles per year

// The share of the variance that an offset and sinusoids of these frequencies leave. What is linear in a
// model need not be searched for: amplitudes and phases come from a least-squares fit, done by taking the
// sines and cosines away one after the other, each made orthogonal to those before it (Gram-Schmidt).
double misfit(const series& data, std::span<const double> f) {
    const std::size_t n = data.times.size();
    std::vector<std::vector<double>> basis = {std::vector<double>(n, 1.0)};
    for (const double frequency : f) {
        std::vector<double> sine(n);
        std::vector<double> cosine(n);
        for (std::size_t i = 0; i < n; ++i) {
            const double phase = 2 * std::numbers::pi * frequency * (data.times[i] - data.times[0]);
            sine[i] = std::sin(phase);
            cosine[i] = std::cos(phase);
        }
        basis.push_back(std::move(sine));
        basis.push_back(std::move(cosine));
    }

    const auto dot = [](const std::vector<double>& a, const std::vector<double>& b) {
        return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
    };
    const auto take_away = [&](std::vector<double>& a, const std::vector<double>& b) {
        const double share = dot(a, b) / dot(b, b);
        for (std::size_t i = 0; i < n; ++i) {
            a[i] -= share * b[i];
        }
    };
    std::vector<double> rest = data.values;
    double variance = 0;
    std::vector<std::vector<double>> orthogonal;
    for (std::vector<double>& b : basis) {
        for (const auto& earlier : orthogonal) {
            take_away(b, earlier);
        }
        if (dot(b, b) < 1e-6 * static_cast<double>(n)) {
            continue; // two frequencies are the same
        }
        take_away(rest, b);
        if (orthogonal.empty()) {
            variance = dot(rest, rest); // about the mean
        }
        orthogonal.push_back(std::move(b));
    }
    return dot(rest, rest) / variance;
}

double misfit_of_three(const series& data, const frequencies& f) {
    return misfit(data, f);
}

// Minimises over a box, the same interval in each parameter: DE/rand/1/bin of Storn & Price 1997, Journal of
// Global Optimization 11, 341. `evaluate` takes a whole generation; all random numbers are drawn here.
class differential_evolution {
  public:
    using evaluator = std::function<std::vector<double>(const std::vector<frequencies>&)>;

    differential_evolution(double low, double high, std::uint64_t seed)
        : low_(low), high_(high), random_(seed) {}

    frequencies minimise(const evaluator& evaluate, std::size_t population, std::size_t generations) {
        std::vector<frequencies> members(population);
        for (frequencies& m : members) {
            std::ranges::generate(m, [this] { return anywhere(); });
        }
        std::vector<double> costs = evaluate(members);
        for (std::size_t g = 0; g < generations; ++g) {
            std::vector<frequencies> trials(population);
            for (std::size_t i = 0; i < population; ++i) {
                trials[i] = trial(members, i);
            }
            const std::vector<double> trial_costs = evaluate(trials);
            for (std::size_t i = 0; i < population; ++i) {
                if (trial_costs[i] <= costs[i]) {
                    members[i] = trials[i];
                    costs[i] = trial_costs[i];
                }
            }
        }
        const auto best = std::ranges::min_element(costs) - costs.begin();
        return members[static_cast<std::size_t>(best)];
    }

  private:
    static constexpr double weight = 0.7;
    static constexpr double crossover =
        0.3; // low, since each frequency has its own best value whatever the others are

    // Not std::uniform_real_distribution, which may give other numbers with another standard library.
    double uniform() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
    double anywhere() { return low_ + (high_ - low_) * uniform(); }

    frequencies trial(const std::vector<frequencies>& members, std::size_t i) {
        std::array<std::size_t, 4> others = {i, i, i, i}; // itself and three more
        for (auto at = others.begin() + 1; at != others.end(); ++at) {
            do {
                *at = below(members.size());
            } while (std::find(others.begin(), at, *at) != at);
        }
        const auto& [base, plus, minus] =
            std::tie(members[others[1]], members[others[2]], members[others[3]]);
        frequencies t = members[i];
        const std::size_t always = below(t.size());
        for (std::size_t k = 0; k < t.size(); ++k) {
            if (uniform() >= crossover && k != always) {
                continue;
            }
            t[k] = base[k] + weight * (plus[k] - minus[k]);
            if (t[k] < low_ || t[k] > high_) {
                t[k] = anywhere();
            }
        }
        return t;
    }

    double low_;
    double high_;
    std::mt19937_64 random_;
};

frequencies fit(mpimap::pool& pool, const series& data) {
    // Sent to each rank once; the generations that follow send frequencies only.
    const auto shared = pool.share(data);
    differential_evolution search(1 / 150.0, 1 / 4.0, 1997);
    return search.minimise(
        [&](const std::vector<frequencies>& generation) {
            return pool.map(misfit_of_three, shared, generation);
        },
        60, 250);
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;

    mpimap::pool pool(world);
    if (!pool) {
        return 0; // this rank has served, and the root is done
    }

    const series data = read_two_columns(std::filesystem::path(MPIMAP_EXAMPLE_DATA) / "sunspots_yearly.csv");
    frequencies found = fit(pool, data);

    // A pool of one rank: the serial run of the same code.
    mpimap::pool alone(MPI_COMM_SELF);
    check(found == fit(alone, data), "the same answer for any number of ranks");

    std::ranges::sort(found, {}, [&](double f) { return misfit(data, {&f, 1}); });
    std::cout << "periods in years, the strongest first:";
    for (const double f : found) {
        std::cout << ' ' << 1 / f;
    }
    std::cout << "\nthey leave " << misfit(data, found) << " of the variance\n";
    check(1 / found[0] > 10.5 && 1 / found[0] < 11.5, "the solar cycle has about eleven years");
    check(misfit(data, found) < 0.47, "three periods explain more than half of the variance");
}
