// MPI at MPI_THREAD_MULTIPLE: items may call MPI themselves, on a communicator of their own, and even this
// library, while the root's helper thread answers other ranks.

#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

#include <mpimap/mpimap.hpp>

#include "check.hpp"
#include "pool.hpp"

namespace {

MPI_Comm own = MPI_COMM_NULL; // of each rank alone

/// A message to oneself and a reduction, with a pause in between.
int call_mpi(int x) {
    int sent = x;
    int received = -1;
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Irecv(&received, 1, MPI_INT, 0, 7, own, &request);
    std::this_thread::sleep_for(std::chrono::milliseconds(x % 10 == 0 ? 5 : 0));
    MPI_Send(&sent, 1, MPI_INT, 0, 7, own);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    int sum = 0;
    MPI_Allreduce(&received, &sum, 1, MPI_INT, MPI_SUM, own);
    return sum;
}

void test(checks& check) {
    int rank = 0;
    int size = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_dup(MPI_COMM_SELF, &own);
    std::vector<int> xs(100);
    std::iota(xs.begin(), xs.end(), 0);
    for (int root = 0; root < size; ++root) {
        const bool here = rank == root;
        for (const mpimap::schedule s :
             {mpimap::schedule::automatic, mpimap::schedule::static_, mpimap::schedule::dynamic}) {
            const mpimap::options o{.root = root, .schedule = s};
            check.that(mpimap::mpi_map(MPI_COMM_WORLD, o, call_mpi, xs) == (here ? xs : std::vector<int>{}),
                       "items that call MPI equal the serial result");

            // A map inside a map, on another communicator.
            const auto inner = [](int n) {
                const std::vector<int> squares = mpimap::mpi_map(
                    own,
                    [](std::size_t i) {
                        std::this_thread::sleep_for(std::chrono::microseconds(200));
                        return static_cast<int>(i * i);
                    },
                    mpimap::indices(static_cast<std::size_t>(n % 7)));
                return std::accumulate(squares.begin(), squares.end(), 0);
            };
            std::vector<int> serial;
            for (const int x : xs) {
                const int n = x % 7;
                serial.push_back((n - 1) * n * (2 * n - 1) / 6);
            }
            check.that(mpimap::mpi_map(MPI_COMM_WORLD, o, inner, xs) == (here ? serial : std::vector<int>{}),
                       "a map inside a map equals the serial result");
        }
        use_pool(check, root, [](int x) { return -call_mpi(x); });
    }
    MPI_Comm_free(&own);
}

} // namespace

int main(int argc, char** argv) {
    return run_at_thread_level(argc, argv, MPI_THREAD_MULTIPLE, test);
}
