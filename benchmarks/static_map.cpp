// Two columns of doubles into one, a static schedule: mpimap beside MPI_Scatterv + loop + MPI_Gatherv, and beside
// Boost.MPI's scatter and gather of a vector of pairs.

#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <boost/mpi/collectives.hpp>
#include <boost/mpi/communicator.hpp>
#include <boost/serialization/utility.hpp>
#include <boost/serialization/vector.hpp>

#include <mpimap/mpimap.hpp>

#include "comparison.hpp"

namespace {

double combine(double x, double y) { return x * y + 0.5 * x; }

std::vector<double> plain_mpi(MPI_Comm comm, const std::vector<double>& xs, const std::vector<double>& ys, int n) {
    const int size = benchmark::size_of(comm);
    const int rank = benchmark::rank_of(comm);
    std::vector<int> counts(static_cast<std::size_t>(size));
    std::vector<int> begins(static_cast<std::size_t>(size));
    for (int r = 0, at = 0; r < size; ++r) {
        counts[static_cast<std::size_t>(r)] = n / size + (r < n % size ? 1 : 0);
        begins[static_cast<std::size_t>(r)] = at;
        at += counts[static_cast<std::size_t>(r)];
    }
    const int mine = counts[static_cast<std::size_t>(rank)];
    std::vector<double> x(static_cast<std::size_t>(mine));
    std::vector<double> y(static_cast<std::size_t>(mine));
    std::vector<double> z(static_cast<std::size_t>(mine));
    MPI_Scatterv(xs.data(), counts.data(), begins.data(), MPI_DOUBLE, x.data(), mine, MPI_DOUBLE, 0, comm);
    MPI_Scatterv(ys.data(), counts.data(), begins.data(), MPI_DOUBLE, y.data(), mine, MPI_DOUBLE, 0, comm);
    for (std::size_t i = 0; i < z.size(); ++i) z[i] = combine(x[i], y[i]);
    std::vector<double> all(rank == 0 ? static_cast<std::size_t>(n) : 0);
    MPI_Gatherv(z.data(), mine, MPI_DOUBLE, all.data(), counts.data(), begins.data(), MPI_DOUBLE, 0, comm);
    return all;
}

std::vector<double> boost_mpi(const boost::mpi::communicator& comm, const std::vector<double>& xs,
                              const std::vector<double>& ys) {
    using slice = std::vector<std::pair<double, double>>;
    std::vector<slice> slices;
    if (comm.rank() == 0) {
        const std::size_t n = xs.size();
        const auto size = static_cast<std::size_t>(comm.size());
        slices.resize(size);
        for (std::size_t r = 0, at = 0; r < size; ++r) {
            const std::size_t count = n / size + (r < n % size ? 1 : 0);
            slices[r].reserve(count);
            for (std::size_t i = 0; i < count; ++i, ++at) slices[r].emplace_back(xs[at], ys[at]);
        }
    }
    slice mine;
    if (comm.rank() == 0) {
        boost::mpi::scatter(comm, slices, mine, 0);
    } else {
        boost::mpi::scatter(comm, mine, 0);
    }
    std::vector<double> z;
    z.reserve(mine.size());
    for (const auto& [x, y] : mine) z.push_back(combine(x, y));
    std::vector<double> all;
    std::vector<std::vector<double>> parts;
    boost::mpi::gather(comm, z, parts, 0);
    for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const int n = argc > 1 ? std::atoi(argv[1]) : 4'000'000;
    const int repetitions = argc > 2 ? std::atoi(argv[2]) : 21;
    std::vector<double> xs;
    std::vector<double> ys;
    if (world.rank() == 0) {
        for (int i = 0; i < n; ++i) {
            xs.push_back(std::sin(i));
            ys.push_back(std::cos(i));
        }
    }
    std::vector<double> plain;
    std::vector<double> boost;
    std::vector<double> ours;
    std::vector<double> automatic;
    const auto times = benchmark::take_turns(
        world,
        {[&] { plain = plain_mpi(world, xs, ys, n); },
         [&] { ours = mpimap::mpi_map(world, {.schedule = mpimap::schedule::static_}, combine, xs, ys); },
         [&] { automatic = mpimap::mpi_map(world, combine, xs, ys); }},
        repetitions);
    const auto slow = benchmark::take_turns(
        world,
        {[&] { boost = boost_mpi(world, xs, ys); },
         [&] { ours = mpimap::mpi_map(world, {.schedule = mpimap::schedule::static_}, combine, xs, ys); }},
        3);
    if (world.rank() == 0 && (plain != ours || plain != boost || plain != automatic)) {
        std::fprintf(stderr, "the results differ\n");
        return 1;
    }
    const std::string what = "static map of 2 x " + std::to_string(n) + " doubles, " + std::to_string(world.size()) + " ranks";
    using benchmark::seconds_text;
    benchmark::print_row(world, "B10", what + ": time / plain MPI", times[1] / times[0], benchmark::better::below, 1.05,
                         seconds_text(times[1]) + " / " + seconds_text(times[0]));
    benchmark::print_row(world, "B10", what + ": automatic / plain MPI", times[2] / times[0], benchmark::better::below,
                         1.05, seconds_text(times[2]) + " / " + seconds_text(times[0]));
    benchmark::print_row(world, "B10", what + ": Boost.MPI / time", slow[0] / slow[1], benchmark::better::above, 4,
                         seconds_text(slow[0]) + " / " + seconds_text(slow[1]));
    return 0;
}
