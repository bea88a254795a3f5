// Reads a result on a rank that has none: `results_elsewhere brackets` with r[0], `results_elsewhere at` with
// r.at(0). Compiled with the assertions of the standard library.

#include <cstdio>
#include <string>
#include <vector>

#include <mpi.h>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    const mpimap::environment environment(argc, argv);
    const std::string how = argc > 1 ? argv[1] : "";
    const std::vector<int> xs{1, 2, 3};
    const std::vector<int> r = mpimap::mpi_map(
        MPI_COMM_WORLD, [](int x) { return 2 * x; }, xs);
    const std::vector<int> all = mpimap::mpi_map(
        MPI_COMM_WORLD, {.results = mpimap::results::everywhere}, [](int x) { return 2 * x; }, xs);
    if (all.at(2) != 6)
        return 0; // which the test takes for a failure
    const int x = how == "at" ? r.at(0) : r[0];
    MPI_Barrier(MPI_COMM_WORLD);
    std::printf("behind the barrier: %d\n", x);
    return 0;
}
