// A journal of about 4 KiB that is cut off after each byte, and of which each bit is flipped: the call gives
// what it gives without one, and only what was damaged is computed again.
//
// damaged FOLDER EVERY [FIRST]

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <unistd.h>

#include <mpimap/mpimap.hpp>

#include "kept/open_journal.hpp"

namespace {

constexpr std::size_t items = 60;
std::size_t runs = 0;

double f(double x) {
    ++runs;
    return x * 1.5;
}

struct outcome {
    std::vector<double> doubles;
    std::vector<std::string> texts;
    double sum = 0;
    friend bool operator==(const outcome&, const outcome&) = default;
};
outcome call(const std::string& journal) {
    std::vector<double> xs(items);
    for (std::size_t i = 0; i < items; ++i)
        xs[i] = static_cast<double>(i);
    mpimap::options o;
    o.chunk = 10;
    o.journal = journal;
    outcome all;
    all.doubles = mpimap::mpi_map(MPI_COMM_SELF, o, f, xs);
    o.chunk = 20;
    all.texts = mpimap::mpi_map(
        MPI_COMM_SELF, o,
        [](double x) {
            ++runs;
            return std::to_string(x);
        },
        xs);
    all.sum = mpimap::mpi_map_reduce(MPI_COMM_SELF, o, std::plus<>(), 0.0, f, xs);
    mpimap::detail::close_journals();
    return all;
}

std::vector<char> content_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
void write(const std::string& path, const std::vector<char>& content) {
    std::ofstream(path, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
}

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    if (argc < 3)
        return 2;
    const std::string path = std::string(argv[1]) + "/a.mpimap";
    const std::size_t every = std::stoul(argv[2]);
    const std::size_t first = argc > 3 ? std::stoul(argv[3]) : 0;
    const outcome wanted = call("");
    if (call(path) != wanted) {
        std::puts("with a journal other results than without");
        return 1;
    }
    const std::vector<char> whole = content_of(path);
    std::printf("a journal of %zu bytes\n", whole.size());
    // What each says is discarded: of each damaged one there is a line.
    if (std::freopen("/dev/null", "w", stderr) == nullptr)
        return 2;
    std::size_t wrong = 0;
    std::size_t tried = 0;
    std::size_t most = 0;
    const auto attempt = [&](const std::vector<char>& damaged, const std::string& how) {
        std::filesystem::remove(path);
        write(path, damaged);
        ++tried;
        runs = 0;
        try {
            const bool right = call(path) == wanted;
            most = std::max(most, how[0] == 'b' ? runs : 0);
            const std::size_t again = runs;
            runs = 0;
            if (!right || call(path) != wanted || runs != 0 || again > 3 * items) {
                std::printf("%s: %s, ran %zu, then %zu\n", how.c_str(), right ? "right" : "wrong", again,
                            runs);
                ++wrong;
            }
        } catch (const mpimap::error& e) {
            std::printf("%s: %s\n", how.c_str(), e.what());
            ++wrong;
        }
    };
    // More of them: what a word lacks at the end has been wrong.
    for (std::size_t n = first; n < whole.size(); n += std::max<std::size_t>(1, every / 6))
        attempt({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)},
                "cut off at " + std::to_string(n));
    const std::size_t cuts = tried;
    for (std::size_t bit = first; bit < 8 * whole.size(); bit += every) {
        std::vector<char> damaged = whole;
        damaged[bit / 8] =
            static_cast<char>(static_cast<unsigned char>(damaged[bit / 8]) ^ (1U << (bit % 8)));
        attempt(damaged, "bit " + std::to_string(bit));
    }
    std::printf("%zu cuts, %zu flipped bits: %zu wrong; a bit cost %zu items of %zu at most\n", cuts,
                tried - cuts, wrong, most, 3 * items);
    return wrong == 0 ? 0 : 1;
}
