// Large messages in both directions at the same time must not wait for one another. A program of its own: it
// asks for the thread level that is given as its argument (single, serialized, multiple), since without a
// helper thread the root's own main thread must serve.

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <type_traits>
#include <vector>

#include <mpi.h>

#include <boost/serialization/vector.hpp>

#include <mpimap/mpimap.hpp>

#include "deadline.hpp"

namespace {

int failures = 0;

void expect(bool good, const std::string& what) {
    if (good)
        return;
    std::fprintf(stderr, "failed: %s\n", what.c_str());
    ++failures;
}

/// An item of plain bytes, of which 64 make four mebibytes.
struct block {
    std::array<double, 8192> values;
    static constexpr std::size_t together = 64;
};

/// Four mebibytes by Boost.Serialization.
struct archived {
    std::vector<double> values;
    static constexpr std::size_t together = 1;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& values;
    }
};

/// Four mebibytes as a member of an aggregate.
struct plain {
    std::vector<double> values;
    static constexpr std::size_t together = 1;
};

template <typename T>
void fill(T& t, double x) {
    if constexpr (!std::is_same_v<T, block>)
        t.values.resize(4 * 1024 * 1024 / sizeof(double));
    std::fill(t.values.begin(), t.values.end(), x);
}

/// The number that it was filled with, -1 if that is not everywhere.
template <typename T>
double checked(const T& t) {
    const bool same =
        std::all_of(t.values.begin(), t.values.end(), [&](double v) { return v == t.values[0]; });
    return !t.values.empty() && same ? t.values[0] : -1;
}

template <typename T>
struct mirror {
    T operator()(const T& in) const {
        T out;
        fill(out, checked(in) + 1000);
        return out;
    }
};

template <typename T>
void run(MPI_Comm comm, const char* type) {
    int rank = 0;
    int size = 1;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    const auto items = static_cast<std::size_t>(3 * size) * T::together;
    const int root = size - 1;
    std::vector<T> arguments(rank == root ? items : 0);
    for (std::size_t i = 0; i < arguments.size(); ++i)
        fill(arguments[i], static_cast<double>(i));
    using mpimap::schedule;
    const mpimap::options all[] = {
        {.root = root},
        {.root = root, .schedule = schedule::static_},
        {.root = root, .schedule = schedule::static_, .chunk = T::together},
        {.root = root, .schedule = schedule::dynamic, .chunk = T::together},
        {.root = root, .schedule = schedule::dynamic, .chunk = 2 * T::together},
        {.root = root, .schedule = schedule::guided},
        {.root = root, .schedule = schedule::factoring},
    };
    for (const mpimap::options& o : all) {
        const std::string text = std::string(type) + ", schedule " +
                                 std::to_string(static_cast<int>(o.schedule)) + ", chunk " +
                                 std::to_string(o.chunk.value_or(0));
        const faults::deadline limit(text);
        const std::vector<T> results = mpimap::mpi_map(comm, o, mirror<T>{}, arguments);
        expect(results.size() == arguments.size(), text + ": the number of results");
        for (std::size_t i = 0; i < results.size(); ++i) {
            expect(checked(results[i]) == static_cast<double>(i) + 1000,
                   text + ": item " + std::to_string(i));
        }
    }
}

} // namespace

int main(int argc, char** argv) {
    const std::string wanted = argc > 1 ? argv[1] : "serialized";
    int level = 0;
    MPI_Init_thread(&argc, &argv,
                    wanted == "single"     ? MPI_THREAD_SINGLE
                    : wanted == "multiple" ? MPI_THREAD_MULTIPLE
                                           : MPI_THREAD_SERIALIZED,
                    &level);
    run<block>(MPI_COMM_WORLD, "bytes");
    run<plain>(MPI_COMM_WORLD, "vectors");
    run<archived>(MPI_COMM_WORLD, "Boost-serialized");
    MPI_Allreduce(MPI_IN_PLACE, &failures, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    MPI_Finalize();
    return failures == 0 ? 0 : 1;
}
