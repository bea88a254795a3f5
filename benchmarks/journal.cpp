// What a journal costs: the same maps with one and without, in turns; how many bytes an empty item takes in
// the file; how long a call takes that finds all of its results there.

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "comparison.hpp"

namespace {

namespace fs = std::filesystem;

std::string folder() {
    const char* const given = std::getenv("MPIMAP_BENCH_FOLDER");
    return given != nullptr ? given : fs::temp_directory_path().string();
}
/// A new one each time: of one that there has been results would be read.
std::string next_file() {
    static int number = 0;
    return folder() + "/bench_" + std::to_string(getpid()) + "_" + std::to_string(number++) + ".mpimap";
}

double busy(double x, double seconds) {
    const double begin = benchmark::now();
    while (benchmark::now() - begin < seconds)
        x += 1e-9;
    return x;
}

void compare(MPI_Comm comm, std::size_t items, double seconds, const std::string& what, double goal,
             int repetitions) {
    const std::vector<double> xs(benchmark::rank_of(comm) == 0 ? items : 0, 1.0);
    std::vector<std::string> files;
    const auto map = [&](const std::string& file) {
        (void)mpimap::mpi_map(comm, {.journal = file}, busy, xs, mpimap::broadcast(seconds));
    };
    const auto t = benchmark::take_turns(comm,
                                         {[&] { map(""); },
                                          [&] {
                                              files.push_back(next_file());
                                              map(files.back());
                                          }},
                                         repetitions);
    char detail[128];
    std::snprintf(detail, sizeof detail, "%zu items, %d ranks: %.4g s, without %.4g s", items,
                  benchmark::size_of(comm), t[1], t[0]);
    benchmark::print_row(comm, "B11", what, t[1] / t[0], benchmark::better::below, goal, detail);
    for (const std::string& file : files)
        fs::remove(file);
}

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const bool is_root = world.rank() == 0;
    compare(world, 2000, 1e-3, "with a journal / without: items of 1 ms", 1.02, 11);
    compare(world, 100000, 10e-6, "with a journal / without: items of 10 us", 1.1, 11);

    constexpr std::size_t many = 10'000'000;
    const std::string file = next_file();
    const auto nothing = [](std::size_t) {};
    const auto map = [&] { mpimap::mpi_for_each(world, {.journal = file}, nothing, mpimap::indices(many)); };
    double begin = benchmark::now();
    map();
    const double first = benchmark::now() - begin;
    const double bytes = is_root ? static_cast<double>(fs::file_size(file)) / static_cast<double>(many) : 0;
    char detail[128];
    std::snprintf(detail, sizeof detail, "10^7 empty items in %.3g s", first);
    benchmark::print_row(world, "B11", "bytes in the journal for an empty item", bytes,
                         benchmark::better::below, 40, detail);
    if (is_root)
        fs::remove(file);
    return 0;
}
