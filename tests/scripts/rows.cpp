// Prints what benchmarks print, by the same functions.

#include <cmath>

#include "comparison.hpp"

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    using benchmark::better;
    const MPI_Comm self = MPI_COMM_SELF;
    benchmark::print_row(self, "B7", "1000 structs: time / 2 memcpy", 1.0604, better::below, 1.3,
                         "1.63 us / 1.54 us");
    benchmark::print_row(self, "B10",
                         "static map of 2 x 4000000 doubles, 2 ranks, in a text of more than 70 characters",
                         3.9999, better::above, 4, "114.54 ms / 22.99 ms");
    benchmark::print_figure(self, "-", "pool.map: mpi4py.futures / time", 12345.678, "a; b");
    benchmark::print_point(self, "efficiency", "mpimap", "1e-06", 0.97);
    benchmark::print_row(self, "B3", "METG(95 %), 2 ranks: us", HUGE_VAL, better::below, 20, "");
    benchmark::print_point(self, "efficiency", "plain_MPI", "1e-06", 0.99);
    benchmark::print_point(self, "efficiency", "mpimap", "2e-06", 1e-5);
    if (argc > 1)
        benchmark::print_row(self, "B1", "no number", std::nan(""), better::below, 1, "0 / 0");
    MPI_Finalize();
    return 0;
}
