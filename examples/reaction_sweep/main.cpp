// Where does the Belousov-Zhabotinsky reaction oscillate, and how fast? The Oregonator from random initial
// states, over its two open parameters: a sweep as a batch job runs it, from a parameter file to a table and
// a picture, with a journal and an end before the job's.

#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>
#include <mpimap/run_main.hpp>

#include "oregonator.hpp"
#include "parameters.hpp"

namespace {

struct behaviour {
    int oscillating = 0; // of so many starts
    double period = 0;   // s, their mean
};

/// What is done at a point. The journal knows the sweep by these bytes: there is no padding between them,
/// which might be different in each program.
struct experiment {
    double tolerance;
    int cycles;
    int starts;

    behaviour operator()(mpimap::task t, double f, double k5) const {
        auto rng = t.random();
        std::uniform_real_distribution<double> exponent(0, 4);
        behaviour seen;
        double sum = 0;
        for (int i = 0; i < starts; ++i) {
            oregonator::state from{};
            for (double& x : from)
                x = std::pow(10, exponent(rng));
            const double period = oregonator::period(f, k5, from, {tolerance, cycles});
            sum += period;
            seen.oscillating += period > 0 ? 1 : 0;
        }
        if (seen.oscillating > 0)
            seen.period = sum / seen.oscillating;
        return seen;
    }
};

std::vector<double> evenly(double first, double last, std::size_t n) {
    std::vector<double> all(n);
    for (std::size_t i = 0; i < n; ++i)
        all[i] = first + (last - first) * static_cast<double>(i) / static_cast<double>(n - 1);
    return all;
}

std::vector<double> by_ratio(double first, double last, std::size_t n) {
    std::vector<double> all = evenly(std::log(first), std::log(last), n);
    for (double& x : all)
        x = std::exp(x);
    return all;
}

// For the shell.
std::string quoted(const std::string& text) {
    std::string all = "'";
    for (const char c : text)
        all += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return all + "'";
}

void draw(const std::string& csv, const std::string& png) {
    if (std::system("command -v gnuplot >/dev/null 2>&1") != 0)
        std::cout << "no picture: gnuplot is not installed\n";
    else if (std::system(("gnuplot -c " + quoted(REACTION_SWEEP_DIRECTORY "/plot.gp") + " " + quoted(csv) +
                          " " + quoted(png))
                             .c_str()) == 0)
        std::cout << "drawn in " << png << '\n';
    else
        std::cerr << "no picture: gnuplot failed\n";
}

void sweep(int argc, char** argv) {
    const boost::mpi::communicator world;
    const bool root = world.rank() == 0;

    // The root's arguments and options count, so nobody else reads the file; what is thrown here ends the
    // job.
    parameters wanted;
    std::string name;
    std::string journal;
    if (root) {
        if (argc < 2 || argc > 3)
            throw std::invalid_argument("usage: reaction_sweep FILE.par [NAME of what is written]");
        wanted = read_parameters(argv[1]);
        name = argc > 2 ? argv[2] : std::filesystem::path(argv[1]).stem().string();
        const char* const given = std::getenv("JOURNAL"); // the batch script looks after it
        journal = given != nullptr && *given != '\0' ? given : name + ".mpimap";
    }
    const std::vector<double> fs = evenly(wanted.f_first, wanted.f_last, wanted.f_points);
    const std::vector<double> k5s = by_ratio(wanted.k5_first, wanted.k5_last, wanted.k5_points);
    const experiment at_point{wanted.tolerance, wanted.cycles, wanted.starts};

    mpimap::report report;
    const auto results = mpimap::mpi_try_map(
        world,
        {.seed = wanted.seed, .stream = "starts", .progress = true, .report = &report, .journal = journal},
        at_point, mpimap::grid(fs, k5s));
    if (!root)
        return;
    // Points that have not run, since the time was over: run_main says with its exit code that there are
    // some.
    const std::size_t left = results.size() - report.items - report.failures;
    if (left > 0) {
        std::cout << left << " of " << results.size() << " points are left for another run\n";
        return;
    }

    std::ofstream csv(name + ".csv");
    csv.precision(12);
    csv << "f,k5,stability,oscillating,period\n";
    std::size_t all = 0;
    std::size_t some = 0;
    std::size_t undecided = 0;
    const mpimap::grid_shape shape(fs.size(), k5s.size());
    for (std::size_t i = 0; i < results.size(); ++i) {
        const auto [at_f, at_k5] = shape.indices(i);
        const double f = fs[at_f];
        const double k5 = k5s[at_k5];
        csv << f << ',' << k5 << ',' << oregonator::stability(f, k5) << ',';
        if (!results[i]) {
            ++undecided;
            csv << "nan,nan\n";
            continue;
        }
        all += results[i]->oscillating == wanted.starts ? 1 : 0;
        some += results[i]->oscillating > 0 && results[i]->oscillating < wanted.starts ? 1 : 0;
        csv << static_cast<double>(results[i]->oscillating) / wanted.starts << ',' << results[i]->period
            << '\n';
    }
    if (!csv.flush())
        throw std::runtime_error("cannot write " + name + ".csv");

    std::cerr << report;
    std::cout << results.size() << " points are in " << name << ".csv: " << all << " oscillate, " << some
              << " do from some starts, " << results.size() - all - some - undecided << " come to rest, "
              << undecided << " are undecided\n";
    draw(name + ".csv", name + ".png");
}

} // namespace

int main(int argc, char** argv) {
    return mpimap::run_main(argc, argv, sweep);
}
