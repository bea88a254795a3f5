// Values and columns of more than 2 GiB, whose byte counts do not fit into MPI's int. Needs 16 GiB of memory
// and two ranks; exits with 77 (skipped) where there is less.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include <mpi.h>

#include <boost/serialization/vector.hpp>

#include <mpimap/mpimap.hpp>

#include "deadline.hpp"

namespace {

constexpr std::size_t huge = 2'200'000'000;
constexpr std::size_t half_huge = 1'200'000'000;

int failures = 0;
int my_rank = 0;

void expect(bool good, const std::string& what) {
    if (my_rank == 0)
        std::printf("%s %s\n", good ? "ok    " : "FAILED", what.c_str());
    else if (!good)
        std::fprintf(stderr, "rank %d: FAILED %s\n", my_rank, what.c_str());
    std::fflush(stdout);
    failures += good ? 0 : 1;
}

long available_gibibytes() {
    long kibibytes = 0;
    if (std::FILE* f = std::fopen("/proc/meminfo", "r")) {
        char line[256];
        while (std::fgets(line, sizeof line, f) != nullptr) {
            if (std::strncmp(line, "MemAvailable:", 13) == 0)
                kibibytes = std::atol(line + 13);
        }
        std::fclose(f);
    }
    return kibibytes / (1024 * 1024);
}

// A value at every stride that says where it belongs: a piece that is lost or misplaced shows.
constexpr std::size_t stride = 40'961; // elements: no power of two, several in each piece of any size

template <typename T>
T stamp(std::size_t i, std::size_t seed) {
    return static_cast<T>((i * 2654435761U + seed) >> 7U & 0x7fU);
}

template <typename T>
void fill(std::vector<T>& v, std::size_t bytes, std::size_t seed) {
    v.assign(bytes / sizeof(T), static_cast<T>(1));
    for (std::size_t i = 0; i < v.size(); i += stride)
        v[i] = stamp<T>(i, seed);
    v.back() = stamp<T>(v.size(), seed);
}

template <typename T>
bool right(const std::vector<T>& v, std::size_t bytes, std::size_t seed) {
    if (v.size() != bytes / sizeof(T) || v.back() != stamp<T>(v.size(), seed))
        return false;
    for (std::size_t i = 0; i + 1 < v.size(); i += stride) {
        if (v[i] != stamp<T>(i, seed) || (i != 0 && v[i - 1] != static_cast<T>(1)))
            return false;
    }
    return true;
}

struct archived {
    std::vector<double> values;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& values;
    }
};

// Block j of the static schedule goes to rank j mod 2: item 1 runs on rank 1, away from the root.
const mpimap::options apart{.schedule = mpimap::schedule::static_, .chunk = 1};

void argument(MPI_Comm comm) {
    std::vector<std::vector<char>> xs(my_rank == 0 ? 2 : 0);
    if (my_rank == 0)
        fill(xs[1], huge, 5);
    const auto got = mpimap::mpi_map(
        comm, apart,
        [](mpimap::task t, const std::vector<char>& x) {
            return t.index() == 0 || (t.rank() == 1 && right(x, huge, 5));
        },
        xs);
    if (my_rank == 0)
        expect(got == std::vector<bool>{true, true}, "an argument of 2.2 GB");
}

void archived_argument(MPI_Comm comm) {
    std::vector<archived> xs(my_rank == 0 ? 2 : 0);
    if (my_rank == 0)
        fill(xs[1].values, huge, 6);
    const auto got = mpimap::mpi_map(
        comm, apart,
        [](mpimap::task t, const archived& x) {
            return t.index() == 0 || (t.rank() == 1 && right(x.values, huge, 6));
        },
        xs);
    if (my_rank == 0)
        expect(got == std::vector<bool>{true, true}, "a Boost-serialized argument of 2.2 GB");
}

void result(MPI_Comm comm) {
    const auto got = mpimap::mpi_map(
        comm, apart,
        [](mpimap::task t, std::size_t i) {
            std::vector<double> v;
            if (i == 1 && t.rank() == 1)
                fill(v, huge, 7);
            return v;
        },
        mpimap::indices(2));
    if (my_rank == 0)
        expect(got[0].empty() && right(got[1], huge, 7), "a result of 2.2 GB");
}

void two_results(MPI_Comm comm) {
    const auto got = mpimap::mpi_map(
        comm, apart,
        [](mpimap::task t, std::size_t i) {
            std::vector<char> v;
            if (t.rank() == 1)
                fill(v, half_huge, i);
            return v;
        },
        mpimap::indices(4));
    if (my_rank == 0) {
        expect(got[0].empty() && got[2].empty() && right(got[1], half_huge, 1) && right(got[3], half_huge, 3),
               "two results of 1.2 GB");
    }
}

void column(MPI_Comm comm) {
    // All in one block, which goes to rank 0; the root is the other.
    std::vector<double> xs;
    if (my_rank == 1)
        fill(xs, huge, 8);
    const auto got = mpimap::mpi_map(
        comm, {.root = 1, .schedule = mpimap::schedule::static_, .chunk = huge},
        [](mpimap::task t, double x) { return static_cast<char>(x + (t.rank() == 0 ? 1 : 100)); }, xs);
    bool good = true;
    if (my_rank == 1) {
        good = got.size() == xs.size();
        for (std::size_t i = 0; good && i < got.size(); ++i)
            good = got[i] == static_cast<char>(xs[i] + 1);
    }
    int all = good ? 1 : 0;
    MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_INT, MPI_MIN, comm);
    expect(all == 1, "a column of 2.2 GB in one chunk");
}

void constant(MPI_Comm comm) {
    std::vector<double> table;
    if (my_rank == 0)
        fill(table, huge, 9);
    const auto got = mpimap::mpi_map(
        comm, apart,
        [](mpimap::task t, std::size_t i, const std::vector<double>& all) {
            return static_cast<std::size_t>(t.rank()) == i && right(all, huge, 9);
        },
        mpimap::indices(2), mpimap::broadcast(table));
    if (my_rank == 0)
        expect(got == std::vector<bool>{true, true}, "a broadcast value of 2.2 GB");
}

} // namespace

int main(int argc, char** argv) {
    mpimap::environment environment(argc, argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &my_rank);
    int size = 1;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size != 2) {
        std::fprintf(stderr, "this takes two ranks\n");
        return 2;
    }
    long gibibytes = available_gibibytes();
    MPI_Bcast(&gibibytes, 1, MPI_LONG, 0, MPI_COMM_WORLD);
    if (gibibytes < 16) {
        if (my_rank == 0)
            std::printf("skipped: %ld GiB of memory are available, 16 are needed\n", gibibytes);
        return 77;
    }
    const faults::deadline limit("large", 280);
    argument(MPI_COMM_WORLD);
    result(MPI_COMM_WORLD);
    two_results(MPI_COMM_WORLD);
    column(MPI_COMM_WORLD);
    constant(MPI_COMM_WORLD);
    archived_argument(MPI_COMM_WORLD);
    MPI_Allreduce(MPI_IN_PLACE, &failures, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    return failures == 0 ? 0 : 1;
}
