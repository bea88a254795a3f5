// What waiting costs: CPU time of a rank that waits while another works, beside MPI_Recv; and how fast it
// wakes up.

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "comparison.hpp"

namespace {

/// CPU seconds of all threads of this process.
double cpu_time() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void rest(double seconds) {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

const mpimap::options one_each{.schedule = mpimap::schedule::static_}; // item i runs on rank i

/// The per cent of the CPU that `rank` used during `call`, known on every rank.
template <typename Call>
double busy(MPI_Comm comm, int rank, double seconds, const Call& call) {
    MPI_Barrier(comm);
    const double begin = cpu_time();
    call();
    double per_cent = 100 * (cpu_time() - begin) / seconds;
    MPI_Bcast(&per_cent, 1, MPI_DOUBLE, rank, comm);
    return per_cent;
}

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const double pause = argc > 1 ? std::atof(argv[1]) : 2;
    const int repetitions = argc > 2 ? std::atoi(argv[2]) : 11;
    const auto ranks = static_cast<std::size_t>(world.size());
    if (world.size() < 2) {
        std::fprintf(stderr, "needs two ranks at least\n");
        return 1;
    }

    const auto one_works = [&](std::size_t worker) {
        std::vector<double> seconds(ranks, 0.0);
        seconds[worker] = pause;
        mpimap::mpi_for_each(world, one_each, rest, seconds);
    };
    const double worker_waits = busy(world, 1, pause, [&] { one_works(0); });
    const double root_waits = busy(world, 0, pause, [&] { one_works(1); });
    // The root sleeps in its item: what is counted is the helper thread that answers meanwhile.
    const double helper = busy(world, 0, pause, [&] { one_works(0); });
    const double waits_for_call = busy(world, 1, pause, [&] {
        if (world.rank() == 0)
            rest(pause);
        mpimap::mpi_for_each(world, one_each, rest, std::vector<double>(ranks, 0.0));
    });
    const double plain = busy(world, 1, pause, [&] {
        int message = 0;
        if (world.rank() == 0) {
            rest(pause);
            MPI_Send(&message, 1, MPI_INT, 1, 0, world);
        } else if (world.rank() == 1) {
            MPI_Recv(&message, 1, MPI_INT, 0, 0, world, MPI_STATUS_IGNORE);
        }
    });
    // What no rank that wakes up within a millisecond can do without.
    const double naps = busy(world, 1, pause, [&] {
        for (const double end = benchmark::now() + pause; world.rank() == 1 && benchmark::now() < end;)
            rest(1e-3);
    });
    const std::string detail = "% of a core";
    using benchmark::better;
    benchmark::print_row(world, "B15", "a worker waits for the end", worker_waits, better::below, 5,
                         detail + "; in MPI_Recv " + std::to_string(static_cast<int>(plain)) +
                             " %, naps of 1 ms alone " + std::to_string(naps).substr(0, 3) + " %");
    benchmark::print_row(world, "B15", "a worker waits for the root's call", waits_for_call, better::below, 5,
                         detail);
    benchmark::print_row(world, "B15", "the root waits for a result", root_waits, better::below, 5, detail);
    benchmark::print_row(world, "B15", "the root's helper during a long item", helper, better::below, 5,
                         detail);

    // All ranks are on one machine here, or the clocks would not be the same.
    std::vector<double> to_item;
    std::vector<double> to_return;
    std::vector<double> plain_wake_up;
    for (int i = 0; i < repetitions; ++i) {
        MPI_Barrier(world);
        if (world.rank() == 0)
            rest(0.5);
        const double call = benchmark::now();
        const std::vector<double> began = mpimap::mpi_map(
            world, one_each, [](std::size_t) { return benchmark::now(); }, mpimap::indices(ranks));
        MPI_Barrier(world);
        const std::vector<double> ended = mpimap::mpi_map(
            world, one_each,
            [](std::size_t rank) {
                if (rank == 1)
                    rest(0.5);
                return benchmark::now();
            },
            mpimap::indices(ranks));
        const double returned = benchmark::now();
        if (world.rank() == 0) {
            to_item.push_back(began[1] - call);
            to_return.push_back(returned - ended[1]);
        }
        MPI_Barrier(world);
        if (world.rank() == 0) {
            rest(0.5);
            const double sent = benchmark::now();
            MPI_Send(&sent, 1, MPI_DOUBLE, 1, 0, world);
            double received = 0;
            MPI_Recv(&received, 1, MPI_DOUBLE, 1, 0, world, MPI_STATUS_IGNORE);
            plain_wake_up.push_back(received - sent);
        } else if (world.rank() == 1) {
            double sent = 0;
            MPI_Recv(&sent, 1, MPI_DOUBLE, 0, 0, world, MPI_STATUS_IGNORE);
            const double received = benchmark::now();
            MPI_Send(&received, 1, MPI_DOUBLE, 0, 0, world);
        }
    }
    if (world.rank() == 0) {
        benchmark::print_row(world, "B15", "ms from the call to a worker's item after 0.5 s",
                             benchmark::median(to_item) * 1e3, better::below, 1,
                             "MPI_Send to a spinning MPI_Recv: " +
                                 benchmark::seconds_text(benchmark::median(plain_wake_up)));
        benchmark::print_row(world, "B15", "ms from an item's end to the root's return, 0.5 s",
                             benchmark::median(to_return) * 1e3, better::below, 1, "");
    }
    return 0;
}
