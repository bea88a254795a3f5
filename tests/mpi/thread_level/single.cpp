// MPI at MPI_THREAD_SINGLE, initialised by the program: no helper thread may call MPI, and everything works,
// only that other ranks may wait while the root runs a long item.

#include <chrono>
#include <functional>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <mpimap/mpimap.hpp>

#include "check.hpp"
#include "pool.hpp"

namespace {

void test(checks& check) {
    int rank = 0;
    int size = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    std::vector<int> xs(200);
    std::iota(xs.begin(), xs.end(), 0);
    for (int root = 0; root < size; ++root) {
        const bool here = rank == root;
        for (const mpimap::schedule s : {mpimap::schedule::automatic, mpimap::schedule::static_,
                                         mpimap::schedule::dynamic, mpimap::schedule::guided}) {
            const mpimap::options o{.root = root, .schedule = s};
            std::vector<int> serial;
            for (const int x : xs)
                serial.push_back(x * x);
            check.that(mpimap::mpi_map(
                           MPI_COMM_WORLD, o, [](int x) { return x * x; }, xs) ==
                           (here ? serial : std::vector<int>{}),
                       "short items equal the serial result");

            // The root is away for long while the others ask for more.
            const auto slow_at_root = [root](mpimap::task t, int x) {
                std::this_thread::sleep_for(std::chrono::milliseconds(t.rank() == root ? 20 : 1));
                return -x;
            };
            const std::vector<int> few(xs.begin(), xs.begin() + 20);
            serial.clear();
            for (const int x : few)
                serial.push_back(-x);
            check.that(mpimap::mpi_map(MPI_COMM_WORLD, o, slow_at_root, few) ==
                           (here ? serial : std::vector<int>{}),
                       "long items equal the serial result");

            // Large both ways.
            const std::vector<std::vector<double>> tables(here ? 12 : 0, std::vector<double>(100'000, 0.5));
            const std::vector<std::vector<double>> got = mpimap::mpi_map(
                MPI_COMM_WORLD, o,
                [](mpimap::task t, std::vector<double> v) {
                    v.push_back(static_cast<double>(t.index()));
                    return v;
                },
                tables);
            check.that(got.size() == tables.size(), "as many large results as arguments");
            for (std::size_t i = 0; i < got.size(); ++i) {
                check.that(got[i].size() == 100'001 && got[i].front() == 0.5 &&
                               got[i].back() == static_cast<double>(i),
                           "large results are those of their arguments");
            }
        }
        try {
            (void)mpimap::mpi_map(
                MPI_COMM_WORLD, {.root = root},
                [](int x) -> int { throw std::runtime_error(std::to_string(x)); }, xs);
            check.that(false, "an item that throws is an exception");
        } catch (const mpimap::map_error& e) {
            check.that(e.failed() >= 1 && e.items() == xs.size(), "the error counts items");
        }
        const double sum = mpimap::mpi_map_reduce(
            MPI_COMM_WORLD, {.root = root}, std::plus<>(), 0.0,
            [](std::size_t i) { return static_cast<double>(i); }, mpimap::indices(1000));
        check.that(sum == (here ? 499500.0 : 0.0), "the next call works");

        use_pool(check, root, [root](mpimap::task t, int x) {
            // Long on the root, which cannot answer meanwhile.
            std::this_thread::sleep_for(std::chrono::milliseconds(t.rank() == root ? 5 : 1));
            return -x;
        });
    }
    int level = -1;
    MPI_Query_thread(&level);
    check.that(level == MPI_THREAD_SINGLE, "the thread level is what the program asked for");
}

} // namespace

int main(int argc, char** argv) {
    return run_at_thread_level(argc, argv, MPI_THREAD_SINGLE, test);
}
