// Large arguments and results at two ranks, beside MPI_Send and MPI_Recv of the same bytes; and the root's
// peak memory.
//
//   bench_large_data speed [MiB in all] [repetitions]
//   bench_large_data results|arguments [number of items]     of 1 MiB each: memory
//
// The schedule is static, so that the bytes that travel are known: the worker's half. The items themselves
// look at a few numbers only, or fill the result. "fresh" receives into new memory, as a program does that
// keeps or frees what it gets; "warm" into the same memory each time, which only a benchmark can. Whether new
// memory is new to the process, too, so that the system clears each page first, which takes twice as long as
// all the rest, depends on what the allocator has kept: results are measured with both, the same for all.

#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <malloc.h>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "comparison.hpp"

namespace {

using values = std::vector<double>;

constexpr double mebibyte = 1024.0 * 1024;
const mpimap::options slices{.schedule = mpimap::schedule::static_};

double look_at(const values& v) {
    return v.front() + v.back();
}
values filled(std::size_t n, std::size_t item) {
    return values(n, static_cast<double>(item));
}

void send(MPI_Comm comm, const double* data, std::size_t n, int to) {
    MPI_Send(data, static_cast<int>(n), MPI_DOUBLE, to, 0, comm);
}
void receive(MPI_Comm comm, double* data, std::size_t n, int from) {
    MPI_Recv(data, static_cast<int>(n), MPI_DOUBLE, from, 0, comm, MPI_STATUS_IGNORE);
}
/// The root returns when the other rank has all.
void confirm(MPI_Comm comm, int from) {
    if (benchmark::rank_of(comm) == from) {
        MPI_Send(nullptr, 0, MPI_BYTE, 1 - from, 1, comm);
    } else {
        MPI_Recv(nullptr, 0, MPI_BYTE, from, 1, comm, MPI_STATUS_IGNORE);
    }
}

bool wrong(const boost::mpi::communicator& world, bool right) {
    if (world.rank() != 0 || right)
        return false;
    std::fprintf(stderr, "the results differ\n");
    return true;
}

void print(MPI_Comm comm, const std::string& what, const std::vector<double>& times, double bytes,
           double item_bytes) {
    const auto rate = [bytes](double seconds) {
        char text[32];
        std::snprintf(text, sizeof text, "%.2f", bytes / seconds * 1e-9);
        return std::string(text);
    };
    const std::string detail =
        rate(times[0]) + " / " + rate(times[1]) + " GB/s; plain into warm memory " + rate(times[2]) + " GB/s";
    if (item_bytes >= mebibyte) {
        benchmark::print_row(comm, "B9", what, times[1] / times[0], benchmark::better::above, 0.9, detail);
    } else {
        benchmark::print_figure(comm, "B9", what, times[1] / times[0], detail);
    }
}

/// Arguments of `size` doubles each, one vector per item.
bool vectors_in(const boost::mpi::communicator& world, std::size_t size, std::size_t n, int repetitions) {
    const bool root = world.rank() == 0;
    const std::vector<values> xs(root ? n : 0, values(size, 1.5));
    const std::size_t half = n / 2;
    std::vector<double> ours;
    double seen = 0;
    values warm(root ? 0 : size);
    const auto plain = [&](bool fresh) {
        if (root) {
            for (std::size_t i = n - half; i < n; ++i)
                send(world, xs[i].data(), size, 1);
        } else {
            for (std::size_t i = 0; i < half; ++i) {
                values mine(fresh ? size : 0);
                values& into = fresh ? mine : warm;
                receive(world, into.data(), size, 0);
                seen += look_at(into);
            }
        }
        confirm(world, 1);
    };
    const auto times = benchmark::take_turns(world,
                                             {[&] { ours = mpimap::mpi_map(world, slices, look_at, xs); },
                                              [&] { plain(true); }, [&] { plain(false); }},
                                             repetitions);
    const auto bytes = static_cast<double>(size) * sizeof(double);
    print(world, "arguments, vector<double> of " + benchmark::bytes_text(bytes) + ": rate / MPI_Send", times,
          bytes * static_cast<double>(half), bytes);
    return !wrong(world, ours == std::vector<double>(n, 3.0)) && (root || seen > 0);
}

/// `kept`: the allocator has kept the memory of the results before.
bool vectors_out(const boost::mpi::communicator& world, std::size_t size, std::size_t n, int repetitions,
                 bool kept) {
    mallopt(M_MMAP_THRESHOLD, 32 * 1024 * 1024);
    mallopt(M_TRIM_THRESHOLD, kept ? -1 : 0);
    const bool root = world.rank() == 0;
    const std::size_t half = n / 2;
    const std::size_t own = n - half;
    std::vector<values> ours;
    std::vector<values> theirs;
    std::vector<values> warm(root ? n : 0, values(size));
    bool right = true;
    const auto check = [&](const std::vector<values>& all) {
        for (std::size_t i = 0; i < all.size(); ++i)
            right = right && all[i].size() == size && all[i].back() == static_cast<double>(i);
    };
    const auto plain = [&](std::vector<values>& all, bool fresh) {
        if (root) {
            for (std::size_t i = 0; i < own; ++i)
                all[i] = filled(size, i);
            for (std::size_t i = own; i < n; ++i) {
                if (fresh)
                    all[i] = values(size);
                receive(world, all[i].data(), size, 1);
            }
        } else {
            for (std::size_t i = own; i < n; ++i) {
                const values mine = filled(size, i);
                send(world, mine.data(), size, 0);
            }
        }
    };
    const auto times = benchmark::take_turns(
        world,
        {[&] {
             ours = mpimap::mpi_map(
                 world, slices, [size](std::size_t i) { return filled(size, i); }, mpimap::indices(n));
         },
         [&] {
             theirs.resize(root ? n : 0);
             plain(theirs, true);
         },
         [&] { plain(warm, false); }},
        repetitions, [&] {
            check(ours);
            check(theirs);
            ours = {};
            theirs = {};
            if (!kept)
                malloc_trim(0);
        });
    const auto bytes = static_cast<double>(size) * sizeof(double);
    print(world,
          "results, vector<double> of " + benchmark::bytes_text(bytes) + (kept ? ", memory kept" : "") +
              ": rate / MPI_Send",
          times, bytes * static_cast<double>(half), bytes);
    check(warm);
    return !wrong(world, right);
}

/// A contiguous column of elements of `Size` doubles: one long message.
template <std::size_t Size>
bool column(const boost::mpi::communicator& world, std::size_t n, int repetitions) {
    using element = std::array<double, Size>;
    const bool root = world.rank() == 0;
    const std::size_t half = n / 2;
    std::vector<element> xs(root ? n : 0);
    for (element& x : xs)
        x.fill(2.5);
    std::vector<element> ours;
    std::vector<element> theirs;
    std::vector<element> warm(root ? n : half);
    const auto plain = [&](std::vector<element>& all, bool fresh) {
        if (fresh)
            all = std::vector<element>(root ? n : half);
        const std::size_t count = half * Size;
        if (root) {
            send(world, xs[n - half].data(), count, 1);
            for (std::size_t i = 0; i < n - half; ++i)
                all[i] = xs[i];
            receive(world, all[n - half].data(), count, 1);
        } else {
            receive(world, all.front().data(), count, 0);
            std::vector<element> results(half); // as the map: an item's result is not its argument
            for (std::size_t i = 0; i < half; ++i)
                results[i] = all[i];
            send(world, results.front().data(), count, 0);
        }
    };
    const auto times = benchmark::take_turns(world,
                                             {[&] {
                                                  ours = {};
                                                  ours = mpimap::mpi_map(
                                                      world, slices, [](const element& x) { return x; }, xs);
                                              },
                                              [&] { plain(theirs, true); }, [&] { plain(warm, false); }},
                                             repetitions);
    const double bytes = sizeof(element);
    print(world, "both ways, column of " + benchmark::bytes_text(bytes) + ": rate / MPI_Send", times,
          2 * bytes * static_cast<double>(half), mebibyte);
    return !wrong(world, ours == xs && theirs == xs && warm == xs);
}

bool speed(const boost::mpi::communicator& world, double all, int repetitions) {
    bool right = true;
    for (const double bytes : {1024.0, 64 * 1024.0, mebibyte, 16 * mebibyte, all * mebibyte / 2}) {
        const auto n = static_cast<std::size_t>(std::min(all * mebibyte / bytes, 20'000.0));
        const auto size = static_cast<std::size_t>(bytes) / sizeof(double);
        right = vectors_in(world, size, n, repetitions) && right;
        for (const bool kept : {false, true})
            right = vectors_out(world, size, n, repetitions, kept) && right;
    }
    right = column<128>(world, static_cast<std::size_t>(all) * 1024, repetitions) && right;
    right = column<16 * 1024>(world, static_cast<std::size_t>(all) * 8, repetitions) && right;
    return right;
}

/// One process, one figure: the peak of memory never goes down.
bool memory(const boost::mpi::communicator& world, bool results, std::size_t n) {
    constexpr std::size_t size = 128 * 1024;
    double seconds = 0;
    bool right = true;
    if (results) {
        const double begin = benchmark::now();
        const auto all = mpimap::mpi_map(
            world, [](std::size_t i) { return filled(size, i); }, mpimap::indices(n));
        seconds = benchmark::now() - begin;
        for (std::size_t i = 0; i < all.size(); ++i)
            right = right && all[i].back() == static_cast<double>(i);
        right = right && (world.rank() != 0 || all.size() == n);
    } else {
        std::vector<values> xs;
        for (std::size_t i = 0; world.rank() == 0 && i < n; ++i)
            xs.push_back(filled(size, i));
        MPI_Barrier(world);
        const double begin = benchmark::now();
        const auto all = mpimap::mpi_map(world, look_at, xs);
        seconds = benchmark::now() - begin;
        for (std::size_t i = 0; i < all.size(); ++i)
            right = right && all[i] == 2.0 * static_cast<double>(i);
    }
    const double peak = benchmark::memory_of_process("VmHWM");
    const double payload = static_cast<double>(n) * size * sizeof(double);
    benchmark::print_row(world, "B9",
                         std::to_string(n) + (results ? " results" : " arguments") +
                             " of 1 MiB: peak / (1.1 x data + 64 MiB)",
                         peak / (1.1 * payload + 64 * mebibyte), benchmark::better::below, 1,
                         benchmark::bytes_text(peak) + " for " + benchmark::bytes_text(payload) + "; " +
                             benchmark::seconds_text(seconds));
    return !wrong(world, right);
}

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::string what = argc > 1 ? argv[1] : "speed";
    if (world.size() != 2) {
        std::fprintf(stderr, "needs two ranks\n");
        return 1;
    }
    if (what == "speed") {
        const double all = argc > 2 ? std::atof(argv[2]) : 512;
        const int repetitions = argc > 3 ? std::atoi(argv[3]) : 7;
        return speed(world, all, repetitions) ? 0 : 1;
    }
    const auto n = static_cast<std::size_t>(argc > 2 ? std::atoi(argv[2]) : 2000);
    return memory(world, what == "results", n) ? 0 : 1;
}
