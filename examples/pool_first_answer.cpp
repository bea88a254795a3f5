// A search from many starting points that ends with the first success; what has not started then is
// cancelled. And other ends: a time limit, and a future that is not wanted any more.
//
// Searched for are sequences of +1 and -1 with low autocorrelation, as radar and spin glasses want them
// (Bernasconi 1987, Journal de Physique 48, 559). The lowest energy of 27 signs is 37 (Mertens 1996, Journal
// of Physics A 29, L473).

#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <random>
#include <stop_token>
#include <thread>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "check.hpp"

constexpr int length = 27;
constexpr int lowest_energy = 37;

struct sequence {
    std::uint32_t signs = 0; // one bit each
    int energy = 0;
};

// The sum of the squares of the correlations with the sequence shifted by 1, 2, ...
int energy_of(std::uint32_t signs) {
    int sum = 0;
    for (int shift = 1; shift < length; ++shift) {
        const std::uint32_t both = (std::uint32_t{1} << (length - shift)) - 1;
        const int differ = std::popcount((signs ^ (signs >> shift)) & both);
        const int correlation = length - shift - 2 * differ;
        sum += correlation * correlation;
    }
    return sum;
}

// From a random sequence downhill, one sign at a time. The starting point is the index of the item.
sequence descend(std::size_t start) {
    std::mt19937_64 random(start);
    const std::uint32_t all = (std::uint32_t{1} << length) - 1;
    sequence s{static_cast<std::uint32_t>(random()) & all, 0};
    s.energy = energy_of(s.signs);
    for (bool better = true; better;) {
        better = false;
        for (int i = 0; i < length; ++i) {
            const std::uint32_t flipped = s.signs ^ (std::uint32_t{1} << i);
            if (const int energy = energy_of(flipped); energy < s.energy) {
                s = {flipped, energy};
                better = true;
            }
        }
    }
    return s;
}

void print(const sequence& s) {
    for (int i = length; i-- > 0;) {
        std::cout << ((s.signs >> i & 1) != 0 ? '+' : '-');
    }
    std::cout << ", energy " << s.energy << '\n';
}

// The best of what was found until the stop, which is asked for from anywhere: here by a clock.
sequence best_within(mpimap::pool& pool, std::chrono::milliseconds time) {
    std::stop_source stop;
    const std::jthread clock([&] {
        std::this_thread::sleep_for(time);
        stop.request_stop();
    });
    sequence best = descend(0);
    try {
        for (const auto& [start, found] :
             pool.uimap({.stop = stop.get_token()}, descend, mpimap::indices())) {
            if (found.energy < best.energy) {
                best = found;
            }
        }
    } catch (const mpimap::cancelled&) {
        // The time is over: the input has no end, so this is how the loop ends.
    }
    return best;
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;

    mpimap::pool pool(world);
    if (!pool) {
        return 0;
    }

    // Starting points 0, 1, 2, ... without an end; results as they come, with the index of the starting
    // point.
    sequence first;
    for (const auto& [start, found] : pool.uimap(descend, mpimap::indices())) {
        if (found.energy <= lowest_energy) {
            first = found;
            std::cout << "from start " << start << ": ";
            break;
        }
    }
    print(first);
    check(first.energy == lowest_energy && energy_of(first.signs) == lowest_energy, "it is what it says");

    const sequence best = best_within(pool, std::chrono::milliseconds(50));
    std::cout << "in 50 ms: ";
    print(best);
    check(best.energy >= lowest_energy && energy_of(best.signs) == best.energy, "the best so far");

    // A call of which the answer is not wanted any more.
    auto more = pool.amap(descend, mpimap::indices(1'000'000));
    more.cancel();
    bool cancelled = false;
    try {
        (void)more.get();
    } catch (const mpimap::cancelled&) {
        cancelled = true;
    }
    check(cancelled, "what was cancelled has no value");
    check(pool.map(descend, mpimap::indices(100)).size() == 100, "the pool is free for other work");
}
