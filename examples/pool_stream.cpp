// A file of any length, a line at a time: the root reads and writes, all ranks work on the lines between, and
// no more than a window of them is in memory.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "check.hpp"

// What the file is read by: std::views::istream<line>(file) is a range of its lines, to be gone through once.
struct line {
    std::string text;
};
std::istream& operator>>(std::istream& in, line& l) {
    return std::getline(in, l.text);
}

// "name eccentricity mean_anomaly" becomes "name eccentric_anomaly", by Kepler's equation M = E - e sin E and
// Newton's method.
std::string solve(const line& l) {
    std::istringstream fields(l.text);
    std::string name;
    double eccentricity = 0;
    double mean = 0;
    if (!(fields >> name >> eccentricity >> mean)) {
        throw std::runtime_error("three columns are wanted, not '" + l.text + "'");
    }
    double anomaly = mean;
    for (int i = 0; i < 20; ++i) {
        anomaly -=
            (anomaly - eccentricity * std::sin(anomaly) - mean) / (1 - eccentricity * std::cos(anomaly));
    }
    std::ostringstream result;
    result.precision(15);
    result << name << ' ' << anomaly;
    return result.str();
}

struct scratch_directory {
    std::filesystem::path path;
    scratch_directory() {
        std::string name = (std::filesystem::temp_directory_path() / "mpimap_stream_XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("cannot make a directory like " + name);
        }
        path = name;
    }
    ~scratch_directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    scratch_directory(const scratch_directory&) = delete;
    scratch_directory& operator=(const scratch_directory&) = delete;
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;

    constexpr std::size_t window = 100;
    mpimap::pool pool(world, {.window = window}); // the root alone reads and writes files
    if (!pool) {
        return 0;
    }

    constexpr std::size_t orbits = 5000;
    const scratch_directory directory;
    {
        std::ofstream file(directory.path / "orbits");
        for (std::size_t i = 0; i < orbits; ++i) {
            file << "orbit" << i << ' ' << static_cast<double>(i % 90) / 100 << ' '
                 << static_cast<double>(i % 300) / 100 << '\n';
        }
    }

    std::size_t read = 0;
    std::size_t written = 0;
    std::size_t most = 0; // lines read whose results have not been written
    {
        std::ifstream in(directory.path / "orbits");
        std::ofstream out(directory.path / "anomalies");
        auto lines = std::views::istream<line>(in) | std::views::transform([&](line& l) {
                         ++read;
                         return std::move(l);
                     });
        for (const std::string& result : pool.imap(solve, lines)) {
            out << result << '\n';
            ++written;
            most = std::max(most, read - written);
        }
        check(static_cast<bool>(out), "all results could be written");
    }

    std::cout << read << " lines read, " << written << " written, " << most << " at most in memory\n";
    check(read == orbits && written == orbits, "one result for each line");
    check(most <= window, "not more than the window in memory");
    std::ifstream before(directory.path / "orbits");
    std::ifstream after(directory.path / "anomalies");
    for (std::string input, result; std::getline(before, input);) {
        std::getline(after, result);
        check(result == solve({input}), "the results are in the order of the lines");
    }
}
