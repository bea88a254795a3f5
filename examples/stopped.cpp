// A run that must end before all items have run, as when the job's time is up: what is done is kept, and it
// is known which items are left for the next run.

#include <chrono>
#include <csignal>
#include <cstddef>
#include <iostream>
#include <stop_token>
#include <thread>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "check.hpp"

namespace {

// A handler may do next to nothing: a thread looks at what it has set.
volatile std::sig_atomic_t time_is_up = 0;

double simulate(int x) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return 0.5 * x;
}

} // namespace

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;
    const bool root = world.rank() == 0;

    std::signal(SIGUSR1, [](int) { time_is_up = 1; }); // Slurm: #SBATCH --signal=USR1@60
    std::stop_source stop;
    const std::jthread watch([&stop](const std::stop_token& ended) {
        while (!ended.stop_requested()) {
            if (time_is_up != 0)
                stop.request_stop();
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    });
    // The scheduler's part.
    const std::jthread limit([] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        std::raise(SIGUSR1);
    });

    std::vector<int> xs;
    if (root) {
        for (int i = 0; i < 10'000; ++i)
            xs.push_back(i);
    }

    // Items that run when the stop comes are waited for. Then the range has the results of all that ran.
    std::vector<double> energies(xs.size());
    std::vector<mpimap::index_range> done;
    try {
        mpimap::mpi_map_into(world, {.stop = stop.get_token()}, simulate, energies, xs);
        check(false, "there was time for all items");
    } catch (const mpimap::cancelled& e) {
        done = e.completed();
        if (root)
            std::cout << e.what() << '\n';
    }
    for (const mpimap::index_range& some : done) {
        for (std::size_t i = some.first; i < some.last; ++i)
            check(energies[i] == 0.5 * xs[i], "what is done is there");
    }

    // try_map returns all the same: for each item its result, or why there is none.
    std::size_t left = 0;
    for (const auto& energy : mpimap::mpi_try_map(world, {.stop = stop.get_token()}, simulate, xs)) {
        if (!energy && energy.error().kind() != mpimap::failure_kind::threw)
            ++left;
    }
    check(left == xs.size(), "the time was up before");
    if (root)
        std::cout << left << " items are left for another run\n";
}
