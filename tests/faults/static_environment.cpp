// std::exit where the environment is a static object, of main's scope or of the namespace's. Run as
// `static_environment WHERE SCOPE STATUS`: who ends the program, and what the others do meanwhile.

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <mpi.h>

#include <mpimap/mpimap.hpp>

#include "deadline.hpp"

namespace {

std::optional<mpimap::environment>
    of_namespace; // as if it were made before main, but where a test asks for it
int rank = 0;
int size = 1;
int status = 0;

[[noreturn]] void leave() {
    std::exit(status);
}
int twice(int x) {
    return 2 * x;
}
int leaves_on_the_last(int x) {
    if (rank == size - 1)
        leave();
    return x;
}
const std::vector<int> xs(100, 1);
const mpimap::options in_slices{.schedule = mpimap::schedule::static_};

void map() {
    (void)mpimap::mpi_map(MPI_COMM_WORLD, twice, xs);
}

const std::map<std::string, std::function<void()>> places{
    {"all", [] { leave(); }},
    {"all_behind_calls",
     [] {
         map();
         leave();
     }},
    {"end_of_main", [] {}},
    // The last rank leaves, the others make a call that it does not make: their first, and another.
    {"first_call",
     [] {
         if (rank == size - 1)
             leave();
         map();
     }},
    {"later_call",
     [] {
         map();
         if (rank == size - 1)
             leave();
         map();
     }},
    // Each call fails, as often as they try, and all come to their end.
    {"later_calls_caught",
     [] {
         map();
         if (rank == size - 1)
             leave();
         for (int i = 0; i < 3; ++i) {
             try {
                 map();
                 std::_Exit(4);
             } catch (const mpimap::mismatched_call& e) {
                 if (std::string(e.what()).find("rank " + std::to_string(size - 1) + " does not take part") ==
                     std::string::npos)
                     std::_Exit(5);
             }
         }
     }},
    {"later_calls_of_threads",
     [] {
         map();
         if (rank == size - 1)
             leave();
         std::thread([] { map(); }).join();
     }},
    {"pool_of_the_others",
     [] {
         map();
         if (rank == size - 1)
             leave();
         mpimap::pool p(MPI_COMM_WORLD);
     }},
    {"barrier",
     [] {
         if (rank == size - 1)
             leave();
         MPI_Barrier(MPI_COMM_WORLD);
     }},
    {"item", [] { (void)mpimap::mpi_map(MPI_COMM_WORLD, in_slices, leaves_on_the_last, xs); }},
    {"pools_program",
     [] {
         mpimap::pool p(MPI_COMM_WORLD);
         if (p) {
             const auto later = p.amap(twice, xs);
             leave();
         }
     }},
    {"pools_item",
     [] {
         mpimap::pool p(MPI_COMM_WORLD);
         if (p)
             (void)p.map(in_slices, leaves_on_the_last, xs);
     }},
};

} // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: static_environment WHERE SCOPE STATUS\n");
        return 2;
    }
    const std::string where = argv[1];
    const std::string scope = argv[2];
    status = std::atoi(argv[3]);
    static const faults::deadline limit(where + ", " + scope, 40);
    if (scope == "main") {
        static const mpimap::environment environment(argc, argv);
    } else {
        of_namespace.emplace(argc, argv);
    }
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    places.at(where)();
    return status;
}
