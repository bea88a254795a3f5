// What a call sends, counted: the function's state and constants once per call and by broadcast, no blocking
// MPI function, a handful of collectives, and no copy of a column of plain values.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include <malloc.h>
#include <mpi.h>

#include <mpimap/mpimap.hpp>

#include "mpi_test.hpp"

// ---------------------------------------------------------------- counting

namespace {

struct counts {
    std::atomic<long> collectives;     // non-blocking ones
    std::atomic<long> broadcast_bytes; // as told to MPI_Ibcast
    std::atomic<long> sends;
    std::atomic<long> sent_bytes;
    std::atomic<long> longest; // bytes in one message
    std::atomic<long> blocking;
    std::atomic<const char*> blocking_name;
};
counts counted;
std::atomic<bool> counting{false};

struct on_call {
    on_call() {
        counted.collectives = counted.broadcast_bytes = counted.sends = counted.sent_bytes = counted.longest =
            counted.blocking = 0;
        counted.blocking_name = "";
        counting = true;
    }
    ~on_call() { counting = false; }
    on_call(const on_call&) = delete;
    on_call& operator=(const on_call&) = delete;
};

long bytes_of(int count, MPI_Datatype type) {
    int size = 0;
    MPI_Type_size(type, &size);
    return static_cast<long>(count) * size;
}

void count_collective() {
    if (counting)
        ++counted.collectives;
}

void count_send(int count, MPI_Datatype type) {
    if (!counting)
        return;
    const long bytes = bytes_of(count, type);
    ++counted.sends;
    counted.sent_bytes += bytes;
    if (bytes > counted.longest)
        counted.longest = bytes;
}

void count_blocking(const char* name) {
    if (!counting)
        return;
    ++counted.blocking;
    counted.blocking_name = name;
}

} // namespace

extern "C" {

int MPI_Ibcast(void* data, int count, MPI_Datatype type, int root, MPI_Comm comm, MPI_Request* request) {
    count_collective();
    if (counting)
        counted.broadcast_bytes += bytes_of(count, type);
    return PMPI_Ibcast(data, count, type, root, comm, request);
}
int MPI_Iallreduce(const void* in, void* out, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm,
                   MPI_Request* request) {
    count_collective();
    return PMPI_Iallreduce(in, out, count, type, op, comm, request);
}
int MPI_Ibarrier(MPI_Comm comm, MPI_Request* request) {
    count_collective();
    return PMPI_Ibarrier(comm, request);
}
int MPI_Comm_idup(MPI_Comm comm, MPI_Comm* fresh, MPI_Request* request) {
    count_collective();
    return PMPI_Comm_idup(comm, fresh, request);
}
int MPI_Isend(const void* data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm,
              MPI_Request* request) {
    count_send(count, type);
    return PMPI_Isend(data, count, type, to, tag, comm, request);
}

// What may wait for another rank.

int MPI_Send(const void* data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm) {
    count_blocking("MPI_Send");
    return PMPI_Send(data, count, type, to, tag, comm);
}
int MPI_Ssend(const void* data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm) {
    count_blocking("MPI_Ssend");
    return PMPI_Ssend(data, count, type, to, tag, comm);
}
int MPI_Recv(void* data, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Status* status) {
    count_blocking("MPI_Recv");
    return PMPI_Recv(data, count, type, from, tag, comm, status);
}
int MPI_Mrecv(void* data, int count, MPI_Datatype type, MPI_Message* message, MPI_Status* status) {
    count_blocking("MPI_Mrecv");
    return PMPI_Mrecv(data, count, type, message, status);
}
int MPI_Sendrecv(const void* out, int out_count, MPI_Datatype out_type, int to, int out_tag, void* in,
                 int in_count, MPI_Datatype in_type, int from, int in_tag, MPI_Comm comm,
                 MPI_Status* status) {
    count_blocking("MPI_Sendrecv");
    return PMPI_Sendrecv(out, out_count, out_type, to, out_tag, in, in_count, in_type, from, in_tag, comm,
                         status);
}
int MPI_Probe(int from, int tag, MPI_Comm comm, MPI_Status* status) {
    count_blocking("MPI_Probe");
    return PMPI_Probe(from, tag, comm, status);
}
int MPI_Wait(MPI_Request* request, MPI_Status* status) {
    count_blocking("MPI_Wait");
    return PMPI_Wait(request, status);
}
int MPI_Waitall(int count, MPI_Request* requests, MPI_Status* statuses) {
    count_blocking("MPI_Waitall");
    return PMPI_Waitall(count, requests, statuses);
}
int MPI_Waitany(int count, MPI_Request* requests, int* index, MPI_Status* status) {
    count_blocking("MPI_Waitany");
    return PMPI_Waitany(count, requests, index, status);
}
int MPI_Waitsome(int count, MPI_Request* requests, int* done, int* indices, MPI_Status* statuses) {
    count_blocking("MPI_Waitsome");
    return PMPI_Waitsome(count, requests, done, indices, statuses);
}
int MPI_Barrier(MPI_Comm comm) {
    count_blocking("MPI_Barrier");
    return PMPI_Barrier(comm);
}
int MPI_Bcast(void* data, int count, MPI_Datatype type, int root, MPI_Comm comm) {
    count_blocking("MPI_Bcast");
    return PMPI_Bcast(data, count, type, root, comm);
}
int MPI_Scatter(const void* out, int out_count, MPI_Datatype out_type, void* in, int in_count,
                MPI_Datatype in_type, int root, MPI_Comm comm) {
    count_blocking("MPI_Scatter");
    return PMPI_Scatter(out, out_count, out_type, in, in_count, in_type, root, comm);
}
int MPI_Scatterv(const void* out, const int* counts_out, const int* places, MPI_Datatype out_type, void* in,
                 int in_count, MPI_Datatype in_type, int root, MPI_Comm comm) {
    count_blocking("MPI_Scatterv");
    return PMPI_Scatterv(out, counts_out, places, out_type, in, in_count, in_type, root, comm);
}
int MPI_Gather(const void* out, int out_count, MPI_Datatype out_type, void* in, int in_count,
               MPI_Datatype in_type, int root, MPI_Comm comm) {
    count_blocking("MPI_Gather");
    return PMPI_Gather(out, out_count, out_type, in, in_count, in_type, root, comm);
}
int MPI_Gatherv(const void* out, int out_count, MPI_Datatype out_type, void* in, const int* counts_in,
                const int* places, MPI_Datatype in_type, int root, MPI_Comm comm) {
    count_blocking("MPI_Gatherv");
    return PMPI_Gatherv(out, out_count, out_type, in, counts_in, places, in_type, root, comm);
}
int MPI_Allgather(const void* out, int out_count, MPI_Datatype out_type, void* in, int in_count,
                  MPI_Datatype in_type, MPI_Comm comm) {
    count_blocking("MPI_Allgather");
    return PMPI_Allgather(out, out_count, out_type, in, in_count, in_type, comm);
}
int MPI_Reduce(const void* in, void* out, int count, MPI_Datatype type, MPI_Op op, int root, MPI_Comm comm) {
    count_blocking("MPI_Reduce");
    return PMPI_Reduce(in, out, count, type, op, root, comm);
}
int MPI_Allreduce(const void* in, void* out, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm) {
    count_blocking("MPI_Allreduce");
    return PMPI_Allreduce(in, out, count, type, op, comm);
}
int MPI_Comm_dup(MPI_Comm comm, MPI_Comm* fresh) {
    count_blocking("MPI_Comm_dup");
    return PMPI_Comm_dup(comm, fresh);
}
}

// ---------------------------------------------------------------- what calls send

namespace {

using mpimap_test::comm;
using mpimap_test::rank;
using mpimap_test::size;

constexpr long megabyte = 1'000'000;

/// A function with a megabyte of state.
struct model {
    std::vector<double> weights;
    double energy(int i) const { return weights[static_cast<std::size_t>(i) % weights.size()] + i; }
};

model make_model() {
    return {std::vector<double>(megabyte / 8, 0.5)};
}

/// Bytes per message, which a test may lower.
long piece_limit() {
    const char* text = std::getenv("MPIMAP_PIECE_BYTES");
    return text == nullptr ? (1L << 30) : std::atol(text);
}

/// The rules that hold for every call.
void expect_non_blocking(long most_collectives = 4) {
    EXPECT_EQ(counted.blocking, 0) << counted.blocking_name;
    EXPECT_LE(counted.collectives, most_collectives + counted.broadcast_bytes / piece_limit());
}

TEST(messages, communicator_is_duplicated_once) {
    // The first call of the program on this communicator.
    long first = 0;
    {
        const on_call counter;
        mpimap::mpi_for_each(
            comm(), [](int) {}, std::vector<int>(3));
        first = counted.collectives;
        expect_non_blocking(5);
    }
    const on_call counter;
    mpimap::mpi_for_each(
        comm(), [](int) {}, std::vector<int>(3));
    EXPECT_LT(counted.collectives, first);
    expect_non_blocking();
}

TEST(messages, state_is_sent_once_by_broadcast) {
    mpimap_test::for_each_schedule(mpimap_test::other_root(), [](mpimap::options o) {
        const model m = make_model();
        std::vector<int> numbers(1000);
        std::iota(numbers.begin(), numbers.end(), 0);
        std::vector<double> got;
        {
            const on_call counter;
            got = mpimap::mpi_map(comm(), o, mpimap::bind_front<&model::energy>(m), numbers);
        }
        expect_non_blocking();
        // Once through MPI_Ibcast, and not in the messages with the items.
        EXPECT_GE(counted.broadcast_bytes, size() == 1 ? 0 : megabyte);
        EXPECT_LT(counted.broadcast_bytes, megabyte + 100'000);
        EXPECT_LT(counted.sent_bytes, 400'000);
        if (rank() == o.root) {
            EXPECT_EQ(got.size(), 1000U);
            EXPECT_EQ(got.back(), 999.5);
        }
    });
}

TEST(messages, constant_is_sent_once_by_broadcast) {
    mpimap_test::for_each_schedule(mpimap_test::other_root(), [](mpimap::options o) {
        const std::vector<double> table(megabyte / 8, 2.0);
        const std::vector<std::string> names(1000, "name");
        {
            const on_call counter;
            const auto got = mpimap::mpi_map(
                comm(), o,
                [](const std::string& name, const std::vector<double>& t) {
                    return static_cast<double>(name.size()) * t.back();
                },
                names, mpimap::broadcast(table));
            mpimap_test::expect_on_root(o.root, got, std::vector<double>(1000, 8.0));
        }
        expect_non_blocking();
        EXPECT_GE(counted.broadcast_bytes, size() == 1 ? 0 : megabyte);
        EXPECT_LT(counted.broadcast_bytes, megabyte + 100'000);
        EXPECT_LT(counted.sent_bytes, 400'000);
    });
}

TEST(messages, indices_are_bounds) {
    const std::size_t n = 1'000'000;
    mpimap_test::for_each_schedule(0, [&](mpimap::options o) {
        if (o.chunk && *o.chunk < 1000)
            o.chunk = 1000;
        if (o.schedule == mpimap::schedule::dynamic && !o.chunk)
            o.chunk = 1000;
        const on_call counter;
        mpimap::mpi_for_each(
            comm(), o, [](std::size_t) {}, mpimap::indices(n));
        // A header per chunk and its answer, in 1000 chunks or so; the numbers would be 8 MB.
        EXPECT_LT(counted.sent_bytes, 1'000'000);
        expect_non_blocking();
    });
}

TEST(messages, errors_and_options_need_no_more) {
    {
        const on_call counter;
        EXPECT_THROW(mpimap::mpi_for_each(
                         comm(), {.chunk = 0}, [](int) {}, std::vector<int>(3)),
                     mpimap::invalid_argument);
        expect_non_blocking();
    }
    {
        const on_call counter;
        EXPECT_THROW(mpimap::mpi_for_each(
                         comm(), [](int) { throw std::runtime_error("no"); }, std::vector<int>(100)),
                     mpimap::map_error);
        expect_non_blocking();
    }
    {
        const on_call counter;
        const auto got = mpimap::mpi_map(
            comm(), {.results = mpimap::results::everywhere}, [](int i) { return i + 1; },
            std::vector<int>(100));
        EXPECT_EQ(got, std::vector<int>(100, 1));
        // The results by a header and one broadcast, and one more agreement.
        expect_non_blocking(4 + 3);
    }
    {
        const on_call counter;
        mpimap::mpi_for_each(
            comm(), [](int) {}, std::vector<int>());
        expect_non_blocking();
        EXPECT_EQ(counted.sends, 0);
    }
}

TEST(messages, static_schedule_sends_each_value_once) {
    const std::size_t n = 1'000'000;
    std::vector<double> xs;
    if (rank() == 0)
        xs.assign(n, 1.5);
    std::vector<double> got;
    {
        const on_call counter;
        got = mpimap::mpi_map(
            comm(), {.schedule = mpimap::schedule::static_}, [](double x) { return 2 * x; }, xs);
    }
    expect_non_blocking();
    const long sent = mpimap_test::sum_over_ranks(counted.sent_bytes);
    const auto others = static_cast<long>(n) * (size() - 1) / size();
    EXPECT_GE(sent, others * 16 - 64 * 8);
    EXPECT_LT(sent, others * 16 + 200'000);
    mpimap_test::expect_on_root(0, got, std::vector<double>(n, 3.0));
}

TEST(messages, pieces_are_not_longer_than_the_limit) {
    const std::vector<double> xs(rank() == 0 ? 200'000 : 0, 1.5);
    const on_call counter;
    const auto got = mpimap::mpi_map(
        comm(), [](double x) { return 2 * x; }, xs);
    EXPECT_LE(counted.longest, piece_limit());
    EXPECT_EQ(got.size(), xs.size());
}

// ---------------------------------------------------------------- memory

/// The most memory this process had, since forget_peak().
long peak_bytes() {
    long kilobytes = 0;
    if (std::FILE* f = std::fopen("/proc/self/status", "r")) {
        char line[256];
        while (std::fgets(line, sizeof line, f) != nullptr) {
            if (std::strncmp(line, "VmHWM:", 6) == 0)
                kilobytes = std::atol(line + 6);
        }
        std::fclose(f);
    }
    return kilobytes * 1024;
}
bool forget_peak() {
    malloc_trim(0);
    std::FILE* f = std::fopen("/proc/self/clear_refs", "w");
    if (f == nullptr)
        return false;
    const bool written = std::fputs("5", f) >= 0;
    return std::fclose(f) == 0 && written;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
#else
constexpr bool sanitized = false;
#endif

TEST(messages, columns_of_plain_values_are_not_copied) {
    if (sanitized) {
        GTEST_SKIP() << "sanitizers keep freed memory";
    }
    constexpr long n = 8'000'000;
    constexpr long column = n * 8;
    std::vector<double> xs;
    std::vector<double> out;
    if (rank() == 0) {
        xs.assign(n, 1.5);
        out.assign(n, 0.0);
    }
    const auto call = [&](const auto& numbers, auto& into) {
        mpimap::mpi_map_into(
            comm(), {.schedule = mpimap::schedule::static_}, [](double x) { return 2 * x; }, into, numbers);
    };
    std::vector<double> few(10'000, 1.0);
    std::vector<double> room(10'000);
    call(few, room); // MPI's own buffers
    const bool told = forget_peak();
    if (mpimap_test::sum_over_ranks(told ? 0 : 1) != 0) {
        GTEST_SKIP() << "/proc/self/clear_refs cannot be written";
    }
    const long before = peak_bytes();
    call(xs, out);
    const long more = peak_bytes() - before;
    if (rank() == 0) {
        // Arguments are sent from, results received into, the memory given.
        EXPECT_LT(more, column / 4);
        EXPECT_EQ(out.front(), 3.0);
        EXPECT_EQ(out.back(), 3.0);
    } else {
        // A slice of arguments and one of results.
        EXPECT_LT(more, 2 * column / size() + column / 4);
    }
}

} // namespace
