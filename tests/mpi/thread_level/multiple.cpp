// MPI at MPI_THREAD_MULTIPLE: items may call MPI themselves, on a communicator of their own, and even this
// library, while the root's helper thread answers other ranks.

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
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

/// Two threads of each rank, with a call each on one communicator: one waits for the other.
void use_one_communicator(checks& check) {
    std::vector<int> xs(200);
    std::iota(xs.begin(), xs.end(), 0);
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm comm = MPI_COMM_NULL;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm); // not even the duplicate has been made
    for (int round = 0; round < 20; ++round) {
        // The same types, so that it does not matter which of a rank's two meets which of another's.
        const auto maps = [&] {
            const std::vector<int> got = mpimap::mpi_map(
                comm, [](int x) { return x + 1; }, xs);
            const bool good = got.size() == xs.size() && got.front() == 1 && got.back() == 200;
            check.that(rank == 0 ? good : got.empty(), "calls of two threads give the right results");
        };
        std::thread other(maps);
        maps();
        other.join();
    }
    // Different ones: either they meet their like, or every rank is told.
    for (int round = 0; round < 20; ++round) {
        int right = 0;
        int mismatched = 0;
        const auto sums = [&](auto f, int expected) {
            try {
                const int sum = mpimap::mpi_map_reduce(comm, std::plus<>{}, 0, f, xs);
                right += sum == (rank == 0 ? expected : 0) ? 1 : 0;
            } catch (const mpimap::mismatched_call&) {
                ++mismatched;
            }
        };
        std::mutex order;
        std::thread other([&] {
            const std::lock_guard lock(order);
            sums([](int x) { return x; }, 19900);
        });
        {
            if ((round + rank) % 3 == 0)
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            const std::lock_guard lock(order);
            sums([](int x) { return 2 * x; }, 39800);
        }
        other.join();
        check.that(right + mismatched == 2, "calls in another order are right or mismatched");
        int all[2] = {mismatched, -mismatched};
        MPI_Allreduce(MPI_IN_PLACE, all, 2, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
        check.that(all[0] == -all[1], "every rank hears of a mismatch");
    }
    // Each thread its own communicator, at once.
    MPI_Comm second = MPI_COMM_NULL;
    MPI_Comm_dup(MPI_COMM_WORLD, &second);
    const auto use = [&](MPI_Comm mine) {
        for (int round = 0; round < 20; ++round) {
            const int sum = mpimap::mpi_map_reduce(
                mine, std::plus<>{}, 0, [](int x) { return x; }, xs);
            check.that(sum == (rank == 0 ? 19900 : 0), "calls on two communicators at once");
        }
    };
    std::thread other(use, second);
    use(comm);
    other.join();
    MPI_Comm_free(&second);
    MPI_Comm_free(&comm);
}

/// A pool is for one thread, and says so to others.
void use_pool_elsewhere(checks& check) {
    mpimap::pool pool(MPI_COMM_WORLD);
    if (!pool)
        return;
    const auto refused = [&check](const char* what, const auto& call) {
        std::thread([&] {
            try {
                call();
                check.that(false, what);
            } catch (const mpimap::invalid_argument&) {
            } catch (...) {
                check.that(false, what);
            }
        }).join();
    };
    const auto f = [](int x) { return x; };
    const std::vector<int> xs{1, 2, 3};
    auto one = pool.submit(f, 1);
    auto all = pool.amap(f, xs);
    auto lazy = pool.imap(f, xs);
    refused("submit", [&] { (void)pool.submit(f, 1); });
    refused("map", [&] { (void)pool.map(f, xs); });
    refused("imap", [&] { (void)pool.imap(f, xs); });
    refused("amap", [&] { (void)pool.amap(f, xs); });
    refused("share", [&] { (void)pool.share(1); });
    refused("poll", [&] { pool.poll(); });
    refused("close", [&] { pool.close(); });
    refused("finish", [&] { (void)pool.finish([](mpimap::finishing) { return 1; }); });
    refused("ready", [&] { (void)one.ready(); });
    refused("ready of a map", [&] { (void)all.ready(); });
    refused("wait_for", [&] { (void)one.wait_for(std::chrono::seconds(0)); });
    refused("wait", [&] { all.wait(); });
    refused("get", [&] { (void)one.get(); });
    refused("get of a map", [&] { (void)all.get(); });
    refused("cancel of a submission", [&] { one.cancel(); });
    refused("cancel", [&] { all.cancel(); });
    refused("a step", [&] { (void)lazy.begin(); });
    // Nothing has happened to what was refused.
    check.that(one.get() == 1, "the future of submit");
    check.that(all.get() == xs, "the future of amap");
    int sum = 0;
    for (const int x : lazy)
        sum += x;
    check.that(sum == 6, "the lazy map");
    // What another thread lets go of ends when the pool is used next.
    {
        auto dropped = pool.amap(f, xs);
        auto value = pool.share(xs);
        auto single = pool.submit(f, 2);
        auto range = pool.uimap(f, xs);
        std::thread([a = std::move(dropped), b = std::move(value), c = std::move(single),
                     d = std::move(range)]() mutable {
        }).join();
    }
    check.that(pool.map(f, xs) == xs, "the next call");
}

void test(checks& check) {
    use_one_communicator(check);
    use_pool_elsewhere(check);
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
