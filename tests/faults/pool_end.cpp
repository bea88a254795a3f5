// A program that ends with what a pool has left: large messages that nobody waited for, futures and handles
// that outlive MPI, a pool that nobody closes. Run as `pool_end exception`, `freed`, `static` or `open`.

#include <cstdio>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <vector>

#include <mpi.h>

#include <mpimap/mpimap.hpp>

#include "deadline.hpp"

namespace {

using block = std::vector<double>;
constexpr std::size_t large = 500'000;

// Destroyed behind MPI_Finalize.
mpimap::future<std::vector<block>> whole;
mpimap::future<double> one;
std::optional<mpimap::shared<block>> table;
std::optional<mpimap::pool> never_closed;

block twice(const block& b) {
    block all = b;
    for (double& x : all)
        x *= 2;
    return all;
}

void leave_by_exception(MPI_Comm comm) {
    try {
        if (mpimap::pool p(comm); p) {
            const std::vector<block> blocks(8, block(large, 1.0));
            const auto later = p.amap({.schedule = mpimap::schedule::static_}, twice, blocks);
            (void)later.wait_for(std::chrono::milliseconds(1));
            throw std::runtime_error("the program of the root");
        }
    } catch (const std::runtime_error&) {
    }
}

} // namespace

int main(int argc, char** argv) {
    const faults::deadline limit("the end of the program");
    const mpimap::environment environment(argc, argv);
    const char* const how = argc > 1 ? argv[1] : "";
    if (std::strcmp(how, "exception") == 0) {
        leave_by_exception(MPI_COMM_WORLD);
    } else if (std::strcmp(how, "freed") == 0) {
        MPI_Comm copy = MPI_COMM_NULL;
        MPI_Comm_dup(MPI_COMM_WORLD, &copy);
        leave_by_exception(copy);
        MPI_Comm_free(&copy);
        // MPI still works.
        const std::vector<int> xs{1, 2, 3};
        const std::vector<int> got = mpimap::mpi_map(
            MPI_COMM_WORLD, {.results = mpimap::results::everywhere}, [](int x) { return -x; }, xs);
        if (got != std::vector<int>{-1, -2, -3})
            MPI_Abort(MPI_COMM_WORLD, 1);
    } else if (std::strcmp(how, "static") == 0) {
        if (mpimap::pool p(MPI_COMM_WORLD); p) {
            whole = p.amap(twice, std::vector<block>(4, block(large, 1.0)));
            one = p.submit([](double x) { return x; }, 1.0);
            table.emplace(p.share(block(large, 1.0)));
        }
    } else if (std::strcmp(how, "open") == 0) {
        if (never_closed.emplace(MPI_COMM_WORLD); *never_closed) {
            const std::vector<int> xs{1, 2, 3};
            if (never_closed->map([](int x) { return -x; }, xs).back() != -3)
                MPI_Abort(MPI_COMM_WORLD, 1);
            whole = never_closed->amap(twice, std::vector<block>(4, block(large, 1.0)));
        }
    } else {
        std::fprintf(stderr, "what is %s?\n", how);
        return 2;
    }
    return 0;
}
