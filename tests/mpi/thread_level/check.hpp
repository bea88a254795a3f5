#pragma once

// For programs that initialise MPI themselves, before any test framework could.

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <mpi.h>

/// Counts failures on this rank and gives the program's exit status, the same on every rank.
class checks {
  public:
    void that(bool good, const char* what) {
        if (good)
            return;
        ++failed_;
        int rank = 0;
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        std::fprintf(stderr, "rank %d: not so: %s\n", rank, what);
    }

    [[nodiscard]] int status() {
        int failed = failed_;
        MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }

  private:
    std::atomic<int> failed_ = 0; // some tests have threads
};

/// Runs `test(checks)` between MPI_Init_thread and MPI_Finalize. 77, for "skipped", if MPI gives another
/// level.
template <typename Test>
int run_at_thread_level(int argc, char** argv, int level, const Test& test) {
    int provided = 0;
    MPI_Init_thread(&argc, &argv, level, &provided);
    if (provided != level) {
        std::fprintf(stderr, "skipped: asked for thread level %d, got %d\n", level, provided);
        MPI_Finalize();
        return 77;
    }
    int status = EXIT_FAILURE;
    try {
        checks check;
        test(check);
        status = check.status();
    } catch (const std::exception& e) {
        // Others may be waiting for this rank: no way on.
        std::fprintf(stderr, "exception: %s\n", e.what());
        MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    }
    MPI_Finalize();
    return status;
}
