// One message is damaged on its way, MPI's functions standing in for the network:
// test_damaged_messages RANK N runs its calls with message N of that rank, from 1 on, changed in one bit, and
// prints NONE LEFT where there was no such message. With MPIMAP_CHECKSUM the job must end with a text: wrong
// results, and waiting for ever, are what the checksums are for.

#include <mpimap/mpimap.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include <mpi.h>

namespace {

bool damages = false;                           // this rank
std::uint64_t to_go = 0;                        // messages before the one that is damaged, from 1 on
std::deque<std::vector<unsigned char>> changed; // stay where they are until the end

/// What is sent in place of those bytes.
const void* on_the_way(const void* bytes, int size) {
    if (!damages || size == 0 || to_go == 0 || --to_go != 0)
        return bytes;
    const auto* const from = static_cast<const unsigned char*>(bytes);
    std::vector<unsigned char>& copy = changed.emplace_back(from, from + size);
    const std::size_t bit = static_cast<std::size_t>(size) * 0x9e3779b9U % (8 * copy.size());
    copy[bit / 8] = static_cast<unsigned char>(copy[bit / 8] ^ (1U << bit % 8));
    return copy.data();
}

} // namespace

extern "C" {
int MPI_Isend(const void* bytes, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm,
              MPI_Request* request) {
    return PMPI_Isend(on_the_way(bytes, count), count, type, to, tag, comm, request);
}
int MPI_Ibcast(void* bytes, int count, MPI_Datatype type, int root, MPI_Comm comm, MPI_Request* request) {
    int rank = 0;
    PMPI_Comm_rank(comm, &rank);
    return PMPI_Ibcast(rank == root ? const_cast<void*>(on_the_way(bytes, count)) : bytes, count, type, root,
                       comm, request);
}
}

namespace {

void check(bool right, const char* what) {
    if (right)
        return;
    std::printf("WRONG: %s\n", what);
    std::fflush(stdout);
    MPI_Abort(MPI_COMM_WORLD, 3);
}

std::vector<double> large(std::size_t i) {
    return std::vector<double>(15'000, static_cast<double>(i));
}

void collective_calls(int rank) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < 40; ++i)
        texts.push_back(std::to_string(i));
    const auto twice = mpimap::mpi_map(
        MPI_COMM_WORLD, [](const std::string& s) { return s + s; }, texts);
    if (rank == 0) {
        for (std::size_t i = 0; i < texts.size(); ++i)
            check(twice[i] == texts[i] + texts[i], "texts");
    }
    // Large arrays both ways, and one that all ranks get.
    const std::vector<double> table = large(3);
    const auto sums = mpimap::mpi_map(
        MPI_COMM_WORLD,
        [](const std::vector<double>& t, std::size_t i) {
            std::vector<double> result = large(i);
            for (std::size_t k = 0; k < result.size(); ++k)
                result[k] += t[k];
            return result;
        },
        mpimap::broadcast(table), mpimap::indices(6));
    if (rank == 0) {
        for (std::size_t i = 0; i < sums.size(); ++i)
            check(sums[i] == large(i + 3), "arrays");
    }
    const auto total = mpimap::mpi_map_reduce(
        MPI_COMM_WORLD, std::plus<>(), std::size_t{0}, [](std::size_t i) { return i; },
        mpimap::indices(3000));
    check(rank != 0 || total == 3000 * 2999 / 2, "a sum");
}

void calls_of_a_pool() {
    mpimap::pool pool(MPI_COMM_WORLD);
    if (!pool)
        return;
    const auto squares = pool.map([](std::size_t i) { return i * i; }, mpimap::indices(100));
    for (std::size_t i = 0; i < squares.size(); ++i)
        check(squares[i] == i * i, "squares");
    std::size_t at = 0;
    for (const std::vector<double>& v : pool.imap(large, mpimap::indices(6)))
        check(v == large(at++), "a stream");
    check(at == 6, "a stream's length");
}

} // namespace

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    if (argc != 3)
        return 2;
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    to_go = std::strtoull(argv[2], nullptr, 10);
    damages = rank == std::atoi(argv[1]);
    collective_calls(rank);
    calls_of_a_pool();
    if (damages && to_go != 0)
        std::puts("NONE LEFT");
    damages = false;
}
