// A program that leaves main by an exception which nobody catches, or loses a rank, while ranks serve, wait
// or run items that would take minutes. Run as `uncaught program`, `uncaught item`, ...; ends_job.cmake looks
// at how the job ends.

#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <mpi.h>

#include <mpimap/mpimap.hpp>

namespace {

using mpimap::pool;

int rank = 0;
int size = 1;

/// Longer than anybody waits.
int long_item(int x) {
    std::this_thread::sleep_for(std::chrono::minutes(5));
    return x;
}
int failing_item(int) {
    throw std::domain_error("of an item");
}
int noexcept_item(int x) noexcept {
    return failing_item(x);
}

/// What the system does where memory runs out: the first rank dies, the others wait for it.
int killed_item(int x) {
    if (rank == 0)
        (void)std::raise(SIGKILL);
    return long_item(x);
}

const std::vector<int> xs(100);
const mpimap::options one_each{.schedule = mpimap::schedule::dynamic, .chunk = 1};

void start_long_items(const mpimap::future<std::vector<int>>& later) {
    (void)later.wait_for(std::chrono::milliseconds(50));
}

/// On the root, the last rank: the program of a pool.
const std::map<std::string, std::function<void(pool&)>> programs{
    {"program", [](pool&) { throw std::runtime_error("of the program"); }},
    {"program_in_flight",
     [](pool& p) {
         const auto later = p.amap(one_each, long_item, xs);
         const auto one = p.submit(long_item, 1);
         start_long_items(later);
         throw std::runtime_error("of the program");
     }},
    {"loop",
     [](pool& p) {
         for (const int y : p.imap([](int x) { return x; }, xs))
             throw std::runtime_error("of the program, item " + std::to_string(y));
     }},
    {"call", [](pool& p) { (void)p.map(failing_item, xs); }},
    {"future", [](pool& p) { p.submit(failing_item, 1).get(); }},
    {"set_up", [](pool& p) { (void)p.map(long_item, xs); }},
    {"noexcept_item", [](pool& p) { (void)p.map(one_each, noexcept_item, xs); }},
    {"killed", [](pool& p) { (void)p.map(one_each, killed_item, xs); }},
    {"no_exception", [](pool&) { throw 42; }},
};

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment environment(argc, argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    const std::string how = argc > 1 ? argv[1] : "";
    const auto set_up = [&how] {
        if (how == "set_up" && rank == 0)
            throw std::runtime_error("of the set-up");
    };
    // Alone, or with nothing sent, the root would run the long items itself.
    mpimap::pool p(MPI_COMM_WORLD, {.root = size - 1, .root_computes = false, .set_up = set_up});
    if (p)
        programs.at(how)(p);
    // Whoever has been let go waits here for the root.
    MPI_Barrier(MPI_COMM_WORLD);
    std::printf("rank %d: behind the barrier\n", rank);
    return 0;
}
