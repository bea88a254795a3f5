// MPI at MPI_THREAD_SERIALIZED: while the root runs a long item its helper thread answers other ranks. Never
// are two threads in MPI, whatever the item does with the library, and user code runs on the main thread
// only.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <ranges>
#include <stop_token>
#include <thread>
#include <vector>

#include <mpi.h>

#include <mpimap/mpimap.hpp>

#include "check.hpp"

namespace {

const std::thread::id main_thread = std::this_thread::get_id();

std::atomic<int> threads_in_mpi{0};
std::atomic<long> meetings{0};

/// While one lives its thread is in MPI: the helper for long enough to be met there.
class visit {
  public:
    visit() {
        if (++threads_in_mpi > 1)
            ++meetings;
        if (std::this_thread::get_id() != main_thread)
            std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
    ~visit() { --threads_in_mpi; }
    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;
};

} // namespace

// All that is called while a helper may be at work.
extern "C" {
int MPI_Test(MPI_Request* r, int* done, MPI_Status* s) {
    const visit here;
    return PMPI_Test(r, done, s);
}
int MPI_Isend(const void* data, int n, MPI_Datatype t, int to, int tag, MPI_Comm c, MPI_Request* r) {
    const visit here;
    return PMPI_Isend(data, n, t, to, tag, c, r);
}
int MPI_Irecv(void* data, int n, MPI_Datatype t, int from, int tag, MPI_Comm c, MPI_Request* r) {
    const visit here;
    return PMPI_Irecv(data, n, t, from, tag, c, r);
}
int MPI_Iallreduce(const void* from, void* to, int n, MPI_Datatype t, MPI_Op o, MPI_Comm c, MPI_Request* r) {
    const visit here;
    return PMPI_Iallreduce(from, to, n, t, o, c, r);
}
int MPI_Ibcast(void* data, int n, MPI_Datatype t, int root, MPI_Comm c, MPI_Request* r) {
    const visit here;
    return PMPI_Ibcast(data, n, t, root, c, r);
}
}

namespace {

void rest(int milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}
double slow(double x) {
    rest(2);
    return x;
}
double slow_with(const std::vector<double>& table, double x) {
    return slow(x) + table.at(0);
}

const mpimap::options one_by_one{.schedule = mpimap::schedule::dynamic, .chunk = 1};

// ---------------------------------------------------------------- a pool of other ranks

mpimap::pool* other = nullptr; // on its root

/// On the root of both, all that a pool can be asked for.
double ask_other(double x) {
    if (other == nullptr)
        return slow(x);
    const std::vector<double> xs(8, x);
    double sum = 0;
    for (const double y : other->map(slow, xs))
        sum += y;
    const auto table = other->share(std::vector<double>(20000, 1.0));
    for (const double y : other->map(slow_with, table, xs))
        sum += y - 1;
    int taken = 0;
    for (const double y : other->imap(slow, xs)) {
        sum += y;
        if (++taken == 4)
            break;
    }
    auto dropped = other->amap(slow, xs);
    auto cancelled = other->submit(slow, x);
    cancelled.cancel();
    (void)dropped.ready();
    return slow(sum / 20);
}

void items_that_use_a_pool_of_other_ranks(checks& check, int rank, int size) {
    // Rank 0 and the last one have a pool; all but the last one make calls, whose items use it on rank 0.
    const bool last = rank == size - 1;
    MPI_Comm few = MPI_COMM_NULL;
    MPI_Comm most = MPI_COMM_NULL;
    MPI_Comm_split(MPI_COMM_WORLD, rank == 0 || last ? 0 : MPI_UNDEFINED, rank, &few);
    MPI_Comm_split(MPI_COMM_WORLD, last ? MPI_UNDEFINED : 0, rank, &most);
    std::optional<mpimap::pool> pool;
    if (few != MPI_COMM_NULL)
        pool.emplace(few);
    if (!last) {
        other = rank == 0 ? &*pool : nullptr;
        const std::vector<double> xs(12, 3.0);
        const std::vector<double> all = mpimap::mpi_map(most, one_by_one, ask_other, xs);
        check.that(rank != 0 || all == xs, "the items of a collective call use a pool of other ranks");
        mpimap::pool second(most);
        if (second)
            check.that(second.map(one_by_one, ask_other, xs) == xs, "so do those of a pool");
    }
    other = nullptr;
    pool.reset();
    if (few != MPI_COMM_NULL)
        MPI_Comm_free(&few);
    if (most != MPI_COMM_NULL)
        MPI_Comm_free(&most);
}

// ---------------------------------------------------------------- what belongs to the item's own pool

std::vector<mpimap::future<double>> submitted;
std::vector<mpimap::future<std::vector<double>>> mapped;
std::vector<std::optional<mpimap::shared<std::vector<double>>>> handles;

/// An item cannot use its pool, but let go of what it has from there.
double let_go(double x) {
    for (int i = 0; i < 4; ++i) {
        slow(x);
        if (submitted.empty())
            continue;
        submitted.back().cancel();
        submitted.pop_back();
        mapped.pop_back();
        handles.pop_back();
    }
    return x;
}

void items_that_let_go_of_futures_and_handles(checks& check) {
    mpimap::pool pool(MPI_COMM_WORLD);
    if (!pool)
        return;
    const std::vector<double> xs(20, 1.0);
    for (int i = 0; i < 12; ++i) {
        submitted.push_back(pool.submit(slow, 1.0));
        mapped.push_back(pool.amap(slow, xs));
        handles.emplace_back(pool.share(std::vector<double>(20000, 1.0)));
    }
    check.that(pool.map(one_by_one, let_go, xs) == xs, "items let go of futures and handles of their pool");
    submitted.clear();
    mapped.clear();
    handles.clear();
    check.that(pool.map(slow, xs) == xs, "the pool is usable after it");
}

// ---------------------------------------------------------------- destructors

std::atomic<long> elsewhere{0}; // destructors on another thread

struct traced {
    double value = 0;
    traced() = default;
    explicit traced(double x) : value(x) {}
    traced(const traced&) = default;
    traced& operator=(const traced&) = default;
    ~traced() {
        if (std::this_thread::get_id() != main_thread)
            ++elsewhere;
    }
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& value;
    }
};

std::optional<std::stop_source> stop_here; // on the root

void arguments_that_were_encoded_and_not_sent(checks& check, int rank) {
    bool stopped = false;
    if (rank == 0)
        stop_here.emplace();
    mpimap::options o = one_by_one;
    if (stop_here)
        o.stop = stop_here->get_token();
    const std::vector<double> xs(1000, 1.0);
    // Temporaries: they live until their message has been sent, or given up.
    const auto arguments = xs | std::views::transform([](double x) { return traced(x); });
    try {
        (void)mpimap::mpi_map(
            MPI_COMM_WORLD, o,
            [](const traced& t) {
                rest(20);
                if (stop_here) // the helper sees it first
                    stop_here->request_stop();
                rest(20);
                return t.value;
            },
            arguments);
    } catch (const mpimap::cancelled&) {
        stopped = true;
    }
    check.that(stopped, "the root's first item stops the call");
    check.that(elsewhere == 0, "arguments are destroyed on the main thread");
    stop_here.reset();
}

void test(checks& check) {
    int rank = 0;
    int size = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    items_that_use_a_pool_of_other_ranks(check, rank, size);
    items_that_let_go_of_futures_and_handles(check);
    arguments_that_were_encoded_and_not_sent(check, rank);
    check.that(meetings == 0, "one thread at a time is in MPI");
}

} // namespace

int main(int argc, char** argv) {
    return run_at_thread_level(argc, argv, MPI_THREAD_SERIALIZED, test);
}
