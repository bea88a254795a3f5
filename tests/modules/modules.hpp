#pragma once

// Functions that live in several files and libraries of one program.

#include <cstdio>
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

/// A type that all files know.
struct add {
    int what = 0;
    int operator()(int x) const { return x + what; }
};

/// Closures of the caller's file: x + offset and 3 * x + offset; and a function object of all files.
template <typename Plain, typename Capture>
void run_lambdas(mpimap::pool& p, const Plain& plain, const Capture& with_capture, int offset) {
    const std::vector<int> xs{0, 1, 2, 3, 4, 5};
    const auto steps_of = [offset](int step) {
        std::vector<int> all;
        for (int i = 0; i < 6; ++i)
            all.push_back(offset + step * i);
        return all;
    };
    const mpimap::options on_each{.schedule = mpimap::schedule::static_, .chunk = 1};
    CHECK(p.map(on_each, plain, xs) == steps_of(1));
    CHECK(p.map(on_each, with_capture, xs) == steps_of(3));
    CHECK(p.map(on_each, add{offset}, xs) == steps_of(1));
    auto later = p.amap(plain, xs);
    CHECK(p.submit(with_capture, 1).get() == offset + 3);
    std::vector<int> lazily;
    for (const int y : p.imap(with_capture, xs))
        lazily.push_back(y);
    CHECK(lazily == steps_of(3));
    CHECK(later.get() == steps_of(1));
}

/// In a library that the program is linked with: an exported function, one with internal linkage, and a
/// lambda.
std::vector<function> functions_of_library();
int exported_by_library(int x);
/// Calls whose closures are of that library.
void run_in_library(mpimap::pool& p);

} // namespace modules
