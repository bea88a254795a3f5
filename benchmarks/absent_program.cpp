// A program that computes something of its own for a second between submit, or amap, and get, where MPI gives
// MPI_THREAD_MULTIPLE: what the other ranks get done meanwhile, beside ranks that never wait. Items sleep, so
// that ranks without a core of their own have one.
//
//   bench_absent_program [seconds [repetitions]]

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

/// Of a given length. A program that sleeps on a busy machine oversleeps; the ideal is what it did sleep.
double item(double seconds) {
    const double begin = benchmark::now();
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    return benchmark::now() - begin;
}

[[gnu::noinline]] double compute(double seconds) {
    const double begin = benchmark::now();
    double x = 1;
    while (benchmark::now() - begin < seconds) {
        for (int i = 0; i < 1000; ++i)
            x = x * 0.999999 + 1e-6;
    }
    return x;
}

struct outcome {
    double elapsed = 0;
    double slept = 0; // by all items
};

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv, {.items_call_mpi = true});
    const boost::mpi::communicator world;
    const double seconds = argc > 1 ? std::atof(argv[1]) : 1;
    const int repetitions = argc > 2 ? std::atoi(argv[2]) : 5;
    const int others = world.size() - 1;
    if (others == 0)
        return 1;
    int level = 0;
    MPI_Query_thread(&level);
    if (level != MPI_THREAD_MULTIPLE) {
        if (world.rank() == 0)
            std::fprintf(stderr, "skipped: MPI gives no MPI_THREAD_MULTIPLE\n");
        return 0;
    }
    // The root looks after the others alone when it is back: what it gets done meanwhile is another matter.
    mpimap::pool pool(world, {.root_computes = false});
    if (!pool)
        return 0;

    const auto by_submit = [&](const std::vector<double>& xs) {
        std::vector<mpimap::future<double>> all;
        for (const double x : xs)
            all.push_back(pool.submit(item, x));
        compute(seconds);
        double slept = 0;
        for (auto& one : all)
            slept += one.get();
        return slept;
    };
    const auto by_amap = [&](const std::vector<double>& xs) {
        auto all = pool.amap(item, xs);
        compute(seconds);
        double slept = 0;
        for (const double y : all.get())
            slept += y;
        return slept;
    };
    const auto measure = [&](const std::string& what, double length, const auto& call) {
        // As long as the program computes, on ranks that never wait.
        const auto n = static_cast<std::size_t>(seconds / length) * static_cast<std::size_t>(others);
        const std::vector<double> xs(n, length);
        std::vector<double> elapsed;
        std::vector<double> ideal;
        for (int i = -1; i < repetitions; ++i) {
            const double begin = benchmark::now();
            const double slept = call(xs);
            if (i < 0)
                continue;
            elapsed.push_back(benchmark::now() - begin);
            ideal.push_back(std::max(seconds, slept / others));
        }
        const double a = benchmark::median(ideal);
        const double b = benchmark::median(elapsed);
        benchmark::print_row(world, "C8",
                             what + ", items of " + benchmark::seconds_text(length) + ", " +
                                 std::to_string(world.size()) + " ranks: ideal / time",
                             a / b, benchmark::better::above, .95,
                             benchmark::seconds_text(a) + " / " + benchmark::seconds_text(b));
    };
    for (const double length : {100e-6, 1e-3, 10e-3, 100e-3}) {
        measure("submit, program away", length, by_submit);
        measure("amap, program away", length, by_amap);
    }
    return 0;
}
