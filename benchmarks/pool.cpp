// The pool beside collective maps, and single calls beside plain messages.
//
//   bench_pool [repetitions]
//   bench_pool chunks FILE [repetitions]: beside the figures that mpi4py_futures.py wrote into the file

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "comparison.hpp"

namespace {

double square(double x) {
    return x * x;
}

[[gnu::noinline]] double compute(double x) { // about 10 us
    for (int i = 0; i < 5000; ++i)
        x = x * 0.999999 + 1e-6;
    return x;
}

/// Median seconds of `f`, called in turns with others by the root alone.
std::vector<double> take_turns_alone(const std::vector<benchmark::candidate>& candidates, int repetitions) {
    return benchmark::take_turns(MPI_COMM_SELF, candidates, repetitions);
}

/// What is closest to submit(f, x).get() by hand: a message with the argument to rank 1, one with the result
/// back. Served by rank 1 until the tag says stop.
void serve_by_hand(MPI_Comm comm) {
    while (true) {
        double x = 0;
        MPI_Status status;
        MPI_Recv(&x, 1, MPI_DOUBLE, 0, MPI_ANY_TAG, comm, &status);
        if (status.MPI_TAG == 1)
            return;
        x = square(x);
        MPI_Send(&x, 1, MPI_DOUBLE, 0, 0, comm);
    }
}

/// The hand-written master and workers: each worker has two items at a time, the root runs none.
double burst_by_hand(MPI_Comm comm, const std::vector<double>& xs, std::vector<double>& ys) {
    const int workers = benchmark::size_of(comm) - 1;
    std::vector<std::array<std::size_t, 2>> at(static_cast<std::size_t>(workers) + 1);
    std::vector<int> oldest(static_cast<std::size_t>(workers) + 1);
    std::size_t next = 0;
    std::size_t done = 0;
    const auto send = [&](int rank, int place) {
        if (next == xs.size())
            return;
        at[static_cast<std::size_t>(rank)][static_cast<std::size_t>(place)] = next;
        MPI_Send(&xs[next++], 1, MPI_DOUBLE, rank, 0, comm);
    };
    for (int place = 0; place < 2; ++place) {
        for (int rank = 1; rank <= workers; ++rank)
            send(rank, place);
    }
    while (done < xs.size()) {
        double y = 0;
        MPI_Status status;
        MPI_Recv(&y, 1, MPI_DOUBLE, MPI_ANY_SOURCE, 0, comm, &status);
        const auto rank = static_cast<std::size_t>(status.MPI_SOURCE);
        const int place = oldest[rank];
        oldest[rank] = 1 - place;
        ys[at[rank][static_cast<std::size_t>(place)]] = y;
        ++done;
        send(status.MPI_SOURCE, place);
    }
    return ys.back();
}

void stop_by_hand(MPI_Comm comm) {
    for (int rank = 1; rank < benchmark::size_of(comm); ++rank) {
        const double nothing = 0;
        MPI_Send(&nothing, 1, MPI_DOUBLE, rank, 1, comm);
    }
}

/// Chunks of 1, 100 and 1000 items, as mpi4py.futures is told to send them: seconds per item.
int compare_chunks(const boost::mpi::communicator& world, const char* theirs, int repetitions) {
    mpimap::pool pool(world);
    if (!pool)
        return 0;
    std::FILE* const file = std::fopen(theirs, "r");
    if (file == nullptr)
        return 1;
    std::size_t chunk = 0;
    double seconds = 0;
    while (std::fscanf(file, " # mpi4py %zu %lf", &chunk, &seconds) == 2) {
        std::vector<double> xs(chunk == 1 ? 2000 : 100000);
        for (std::size_t i = 0; i < xs.size(); ++i)
            xs[i] = static_cast<double>(i);
        std::vector<double> times;
        for (int i = -1; i < repetitions; ++i) {
            const double begin = benchmark::now();
            const std::vector<double> ys = pool.map({.chunk = chunk}, square, xs);
            if (i >= 0)
                times.push_back((benchmark::now() - begin) / static_cast<double>(xs.size()));
            if (ys.back() != square(xs.back()))
                return 1;
        }
        const double ours = benchmark::median(times);
        benchmark::print_figure(world, "-",
                                "pool.map, chunks of " + std::to_string(chunk) + ", " +
                                    std::to_string(world.size()) + " ranks: mpi4py.futures / time",
                                seconds / ours,
                                benchmark::seconds_text(seconds) + " / " + benchmark::seconds_text(ours));
    }
    std::fclose(file);
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    if (argc > 2 && std::string(argv[1]) == "chunks")
        return compare_chunks(world, argv[2], argc > 3 ? std::atoi(argv[3]) : 9);
    const int repetitions = argc > 1 ? std::atoi(argv[1]) : 9;
    const std::string ranks = std::to_string(world.size()) + " ranks";
    using benchmark::better;
    using benchmark::seconds_text;

    // Lazy maps beside whole ones: first, since memory is measured.
    if (mpimap::pool pool(world); pool) {
        constexpr std::size_t n = 10000000;
        const auto f = [](std::size_t i) { return static_cast<double>(i) * 0.5; };
        const double before = benchmark::memory_of_process("VmRSS");
        double most = 0;
        double lazy_sum = 0;
        double whole_sum = 0;
        const auto times = take_turns_alone({[&] {
                                                 lazy_sum = 0;
                                                 for (const double y : pool.imap(f, mpimap::indices(n)))
                                                     lazy_sum += y;
                                                 if (most == 0)
                                                     most = benchmark::memory_of_process("VmHWM") - before;
                                             },
                                             [&] {
                                                 whole_sum = 0;
                                                 for (const double y : pool.map(f, mpimap::indices(n)))
                                                     whole_sum += y;
                                             }},
                                            std::max(1, repetitions / 3));
        if (lazy_sum != whole_sum)
            std::fprintf(stderr, "the sums differ\n");
        benchmark::print_row(world, "-", "imap of 10000000 items, " + ranks + ": time / map",
                             times[0] / times[1], better::below, 2,
                             seconds_text(times[0]) + " / " + seconds_text(times[1]));
        benchmark::print_row(world, "-",
                             "imap of 10000000 items, " + ranks + ": memory of the root grows by MiB",
                             most / 1024 / 1024, better::below, 64, "");
    }

    // pool.map beside mpi_map on the same work. Collective calls and the pool cannot be mixed call by call:
    // each repetition opens a pool, which is not timed.
    struct work {
        std::string name;
        std::vector<double> xs;
        double (*f)(double);
    };
    const std::vector<work> works{{"4000000 doubles, x*x", std::vector<double>(4000000, 1.5), &square},
                                  {"20000 items of 10 us", std::vector<double>(20000, 1.5), &compute},
                                  {"100 items of 10 us", std::vector<double>(100, 1.5), &compute}};
    for (const work& w : works) {
        std::vector<double> collective;
        std::vector<double> pooled;
        for (int i = -1; i < repetitions; ++i) {
            std::vector<double> y;
            MPI_Barrier(world);
            double begin = benchmark::now();
            y = mpimap::mpi_map(world, w.f, w.xs);
            if (i >= 0)
                collective.push_back(benchmark::now() - begin);
            MPI_Barrier(world);
            mpimap::pool pool(world);
            if (!pool)
                continue;
            // The function is known after the first time.
            if (pool.map(w.f, w.xs).size() != w.xs.size())
                return 1;
            std::vector<double> again;
            begin = benchmark::now();
            again = pool.map(w.f, w.xs);
            if (i >= 0)
                pooled.push_back(benchmark::now() - begin);
            if (again != y)
                std::fprintf(stderr, "the results differ\n");
        }
        if (world.rank() == 0) {
            const double a = benchmark::median(pooled);
            const double b = benchmark::median(collective);
            benchmark::print_row(world, "-", "pool.map, " + w.name + ", " + ranks + ": time / mpi_map", a / b,
                                 better::below, 1.05, seconds_text(a) + " / " + seconds_text(b));
        }
        MPI_Barrier(world);
    }
    if (world.size() == 1)
        return 0;

    // Single calls. By hand first, with the other ranks serving, then the pool.
    constexpr int trips = 2000;
    constexpr std::size_t many = 100000;
    const std::vector<double> xs(many, 1.5);
    std::vector<double> ys(many);
    std::vector<double> ping_pong;
    std::vector<double> round_trip;
    std::vector<double> burst_hand;
    std::vector<double> burst_pool;
    std::vector<double> wake_up;
    for (int i = -1; i < repetitions; ++i) {
        MPI_Barrier(world);
        if (world.rank() != 0) {
            serve_by_hand(world);
        } else {
            double begin = benchmark::now();
            for (int k = 0; k < trips; ++k) {
                double x = k;
                MPI_Send(&x, 1, MPI_DOUBLE, 1, 0, world);
                MPI_Recv(&x, 1, MPI_DOUBLE, 1, 0, world, MPI_STATUS_IGNORE);
            }
            if (i >= 0)
                ping_pong.push_back((benchmark::now() - begin) / trips);
            begin = benchmark::now();
            burst_by_hand(world, xs, ys);
            if (i >= 0)
                burst_hand.push_back(benchmark::now() - begin);
            stop_by_hand(world);
        }
        MPI_Barrier(world);
        mpimap::pool pool(world, {.root_computes = false});
        if (!pool)
            continue;
        double sum = pool.submit(square, 1.0).get();
        double begin = benchmark::now();
        for (int k = 0; k < trips; ++k)
            sum += pool.submit(square, static_cast<double>(k)).get();
        if (i >= 0)
            round_trip.push_back((benchmark::now() - begin) / trips);
        begin = benchmark::now();
        std::vector<mpimap::future<double>> all;
        all.reserve(many);
        for (const double x : xs)
            all.push_back(pool.submit(square, x));
        for (auto& f : all)
            sum += f.get();
        if (i >= 0)
            burst_pool.push_back(benchmark::now() - begin);
        // When nobody has had anything to do for a while.
        for (int k = 0; k < 3; ++k) {
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
            begin = benchmark::now();
            sum += pool.submit(square, 1.0).get();
            wake_up.push_back(benchmark::now() - begin);
        }
        if (sum < 0)
            return 1;
    }
    if (world.rank() == 0) {
        double a = benchmark::median(round_trip);
        double b = benchmark::median(ping_pong);
        benchmark::print_row(world, "-", "submit(f, x).get(), " + ranks + ": time / ping-pong by hand", a / b,
                             better::below, 3, seconds_text(a) + " / " + seconds_text(b));
        a = benchmark::median(burst_pool);
        b = benchmark::median(burst_hand);
        benchmark::print_row(world, "-", "100000 submits, " + ranks + ": time / master and workers by hand",
                             a / b, better::below, 2, seconds_text(a) + " / " + seconds_text(b));
        benchmark::print_row(world, "-", "submit(f, x).get() after 0.2 s of nothing, " + ranks + ": ms",
                             1e3 * benchmark::median(wake_up), better::below, 1, "");
    }
    return 0;
}
