// A Markov chain Monte Carlo sampler that runs on the root alone: an ensemble of walkers, half of which moves
// at a time, with the posterior of that half evaluated on all ranks.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <random>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "check.hpp"

using point = std::array<double, 2>; // intercept and slope

// Measurements y of a straight line at times t, with Gaussian errors of known size and a flat prior.
struct measurements {
    std::vector<double> times;
    std::vector<double> values;
    double error;

    double log_posterior(const point& p) const {
        double sum = 0;
        for (std::size_t i = 0; i < times.size(); ++i) {
            const double residual = (values[i] - p[0] - p[1] * times[i]) / error;
            sum -= residual * residual / 2;
        }
        return sum;
    }
};

struct moments {
    point mean;
    point variance;
};

// That posterior is Gaussian: the least-squares line, and error^2 times the inverse of the normal matrix.
moments known_posterior(const measurements& data) {
    double n = 0, t = 0, tt = 0, y = 0, ty = 0;
    for (std::size_t i = 0; i < data.times.size(); ++i) {
        n += 1;
        t += data.times[i];
        tt += data.times[i] * data.times[i];
        y += data.values[i];
        ty += data.times[i] * data.values[i];
    }
    const double determinant = n * tt - t * t;
    const double scale = data.error * data.error / determinant;
    return {{(tt * y - t * ty) / determinant, (n * ty - t * y) / determinant}, {tt * scale, n * scale}};
}

// The stretch move of Goodman & Weare 2010, Communications in Applied Mathematics and Computational Science
// 5, 65: a walker goes along the line through a walker of the other half. It does not care for the scales of
// the parameters or their correlation. `log_density` is any function that a pool can map.
template <typename F>
std::vector<point> sample(mpimap::pool& pool, const F& log_density, std::vector<point> walkers,
                          std::size_t steps, std::uint64_t seed) {
    constexpr double stretch = 2;
    const std::size_t half = walkers.size() / 2;
    std::mt19937_64 random(seed);
    const auto uniform = [&random] { return static_cast<double>(random() >> 11) * 0x1p-53; }; // in [0, 1)

    std::vector<double> densities = pool.map(log_density, walkers);
    std::vector<point> chain;
    std::vector<point> proposals(half);
    std::vector<double> factors(half);
    for (std::size_t step = 0; step < 2 * steps; ++step) {
        const std::size_t first = step % 2 * half; // the half that moves
        const std::size_t others = half - first;   // and the one that it looks at
        for (std::size_t k = 0; k < half; ++k) {
            const point& from = walkers[others + random() % half];
            const double root = (stretch - 1) * uniform() + 1;
            factors[k] = root * root / stretch; // has the density 1 / sqrt(z) in [1 / stretch, stretch]
            for (std::size_t d = 0; d < from.size(); ++d) {
                proposals[k][d] = from[d] + factors[k] * (walkers[first + k][d] - from[d]);
            }
        }
        const std::vector<double> proposed = pool.map(log_density, proposals);
        for (std::size_t k = 0; k < half; ++k) {
            const auto dimensions = static_cast<double>(proposals[k].size());
            const double log_ratio =
                (dimensions - 1) * std::log(factors[k]) + proposed[k] - densities[first + k];
            if (std::log(1 - uniform()) < log_ratio) {
                walkers[first + k] = proposals[k];
                densities[first + k] = proposed[k];
            }
        }
        if (step % 2 == 1) {
            chain.insert(chain.end(), walkers.begin(), walkers.end());
        }
    }
    return chain;
}

moments moments_of(const std::vector<point>& chain, std::size_t burn_in) {
    moments m{};
    const auto n = static_cast<double>(chain.size() - burn_in);
    for (std::size_t d = 0; d < m.mean.size(); ++d) {
        for (std::size_t i = burn_in; i < chain.size(); ++i) {
            m.mean[d] += chain[i][d] / n;
        }
        for (std::size_t i = burn_in; i < chain.size(); ++i) {
            m.variance[d] += std::pow(chain[i][d] - m.mean[d], 2) / n;
        }
    }
    return m;
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;

    mpimap::pool pool(world);
    if (!pool) {
        return 0;
    }

    measurements data{{}, {}, 0.5};
    for (int i = 0; i <= 40; ++i) {
        data.times.push_back(5 + 0.25 * i);
        data.values.push_back(1 + 0.5 * data.times.back() + 0.5 * std::sin(37.0 * i));
    }
    constexpr std::size_t walkers = 100;
    constexpr std::size_t steps = 600;
    std::vector<point> start;
    for (std::size_t k = 0; k < walkers; ++k) {
        const auto angle = static_cast<double>(k);
        start.push_back({1 + 0.3 * std::cos(angle), 0.5 + 0.03 * std::sin(angle)});
    }

    // The measurements are bound to the function: they are sent to a rank with the first points, and not
    // again as long as they are the same.
    const auto log_density = mpimap::bind_front<&measurements::log_posterior>(data);
    const std::vector<point> chain = sample(pool, log_density, start, steps, 2010);

    // A pool of one rank: the serial run of the same code.
    mpimap::pool alone(MPI_COMM_SELF);
    check(chain == sample(alone, log_density, start, steps, 2010), "the same chain for any number of ranks");

    const moments found = moments_of(chain, 100 * walkers);
    const moments known = known_posterior(data);
    const char* const names[] = {"intercept", "slope"};
    for (std::size_t d = 0; d < 2; ++d) {
        const double deviation = std::sqrt(known.variance[d]);
        std::cout << names[d] << ": " << found.mean[d] << " +- " << std::sqrt(found.variance[d])
                  << ", exactly " << known.mean[d] << " +- " << deviation << '\n';
        check(std::abs(found.mean[d] - known.mean[d]) < 0.15 * deviation, "the mean of the posterior");
        check(std::abs(found.variance[d] / known.variance[d] - 1) < 0.2, "and its variance");
    }
}
