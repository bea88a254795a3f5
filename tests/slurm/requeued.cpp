// requeued RESULTS ITEMS MILLISECONDS: a map whose items take that long and draw random numbers, with the
// journal that job.sbatch names, in a program that ends early when it is told to. The bytes of its results
// are written to RESULTS once all are there. Each rank says where it runs, so that a test can kill it.
#include <mpimap/mpimap.hpp>
#include <mpimap/run_main.hpp>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace {

double walk(mpimap::task t, long milliseconds) {
    auto random = t.random();
    double x = 0;
    for (int i = 0; i < 1000; ++i)
        x += static_cast<double>(random() >> 11) * 0x1p-53 - 0.5;
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    return x;
}

int program(int argc, char** argv) {
    if (argc != 4) {
        std::cerr << "usage: requeued RESULTS ITEMS MILLISECONDS\n";
        return 2;
    }
    const std::size_t items = std::strtoul(argv[2], nullptr, 10);
    const std::vector<long> milliseconds(items, std::strtol(argv[3], nullptr, 10));
    const char* journal = std::getenv("JOURNAL");

    boost::mpi::communicator world;
    char host[256] = "?";
    gethostname(host, sizeof host - 1);
    // In one piece: the lines of all ranks come together.
    std::cout << "rank " + std::to_string(world.rank()) + ' ' + host + ' ' + std::to_string(getpid()) + '\n'
              << std::flush;

    const auto results = mpimap::mpi_map(
        world, {.chunk = 1, .seed = 42, .journal = journal == nullptr ? "" : journal}, walk, milliseconds);
    if (world.rank() != 0)
        return 0;
    std::ofstream file(argv[1], std::ios::binary);
    file.write(reinterpret_cast<const char*>(results.data()),
               static_cast<std::streamsize>(results.size() * sizeof(double)));
    return file.flush() ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    return mpimap::run_main(argc, argv, program);
}
