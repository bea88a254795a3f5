// The last rank comes to the first call when the root has waited for long: the root has said so, and goes on.

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <boost/mpi/communicator.hpp>
#include <mpi.h>
#include <unistd.h>

#include <mpimap/mpimap.hpp>

#include "deadline.hpp"

namespace {

std::string content(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment environment(argc, argv);
    const boost::mpi::communicator world;
    const faults::deadline limit("a first call that one rank comes to late", 55);
    int number = getpid();
    MPI_Bcast(&number, 1, MPI_INT, 0, world);
    const std::filesystem::path said =
        std::filesystem::temp_directory_path() / ("mpimap_first_call_" + std::to_string(number));
    const bool root = world.rank() == 0;
    const int standard_error = dup(STDERR_FILENO);
    // What the root says goes to a file, so that the last rank hears of it.
    if (root && std::freopen(said.c_str(), "w", stderr) == nullptr)
        return 2;
    if (world.rank() == world.size() - 1) {
        while (content(said).find("has waited for 1") == std::string::npos)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    const std::vector<int> xs{1, 2, 3};
    const auto twice = mpimap::mpi_map(
        world, [](int x) { return 2 * x; }, xs);
    if (!root)
        return 0;
    const std::string text = content(said);
    std::filesystem::remove(said);
    const bool told = write(standard_error, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    return told && twice == std::vector<int>{2, 4, 6} ? 0 : 1;
}
