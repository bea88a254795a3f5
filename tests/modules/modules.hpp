#pragma once

// Functions that live in several files and libraries of one program.

#include <cstdio>
#include <cstdlib>
#include <vector>

#include <mpi.h>

#include <mpimap/mpimap.hpp>

namespace modules {

/// Ends all ranks with the line of the check that failed.
inline void check(bool good, const char* what, const char* file, int line) {
    if (good)
        return;
    std::fprintf(stderr, "%s:%d: %s\n", file, line, what);
    std::fflush(stderr);
    MPI_Abort(MPI_COMM_WORLD, 1);
}
#define CHECK(...) ::modules::check((__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)

// The same static functions, with lambdas of the same mangled names, are in both files.
void run_in_first_file(mpimap::pool& p);
void run_in_second_file(mpimap::pool& p);

using function = int (*)(int);

/// In a library that the program is linked with: an exported function, one with internal linkage, and a
/// lambda.
std::vector<function> functions_of_library();
int exported_by_library(int x);

} // namespace modules
