// A static map in which one rank is late, beside MPI_Scatterv + loop + MPI_Gatherv, which serve the ranks one
// after the other: the late rank comes late to the call, or its items begin late.

#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "comparison.hpp"

namespace {

constexpr int late_rank = 1;
constexpr auto delay = std::chrono::milliseconds(20);

double combine(double x, double y) {
    return x * y + 0.5 * x;
}

enum class late { nobody, items, call };

std::vector<double> plain_mpi(MPI_Comm comm, late who, const std::vector<double>& xs,
                              const std::vector<double>& ys, std::size_t per_rank) {
    const int rank = benchmark::rank_of(comm);
    const auto ranks = static_cast<std::size_t>(benchmark::size_of(comm));
    const int mine = static_cast<int>(per_rank);
    const std::vector<int> counts(ranks, mine);
    std::vector<int> begins;
    for (std::size_t r = 0; r < ranks; ++r)
        begins.push_back(static_cast<int>(r * per_rank));
    std::vector<double> x(per_rank);
    std::vector<double> y(per_rank);
    std::vector<double> z(per_rank);
    MPI_Scatterv(xs.data(), counts.data(), begins.data(), MPI_DOUBLE, x.data(), mine, MPI_DOUBLE, 0, comm);
    MPI_Scatterv(ys.data(), counts.data(), begins.data(), MPI_DOUBLE, y.data(), mine, MPI_DOUBLE, 0, comm);
    if (who == late::items && rank == late_rank)
        std::this_thread::sleep_for(delay);
    for (std::size_t i = 0; i < per_rank; ++i)
        z[i] = combine(x[i], y[i]);
    std::vector<double> all(rank == 0 ? per_rank * ranks : 0);
    MPI_Gatherv(z.data(), mine, MPI_DOUBLE, all.data(), counts.data(), begins.data(), MPI_DOUBLE, 0, comm);
    return all;
}

/// The same with what lets every rank come to the same verdict: that all make this call, what the function
/// is, and that nothing has failed.
std::vector<double> with_verdicts(MPI_Comm comm, const std::vector<double>& xs, const std::vector<double>& ys,
                                  std::size_t per_rank) {
    std::uint64_t all_agree[9] = {};
    MPI_Allreduce(MPI_IN_PLACE, all_agree, 9, MPI_UINT64_T, MPI_MAX, comm);
    std::array<char, 2048> function = {};
    MPI_Bcast(function.data(), static_cast<int>(function.size()), MPI_CHAR, 0, comm);
    std::vector<double> all = plain_mpi(comm, late::nobody, xs, ys, per_rank);
    int failed = 0;
    MPI_Bcast(&failed, 1, MPI_INT, 0, comm);
    return all;
}

std::vector<double> with_mpimap(MPI_Comm comm, late who, const std::vector<double>& xs,
                                const std::vector<double>& ys, std::size_t per_rank) {
    const mpimap::options slices{.schedule = mpimap::schedule::static_};
    if (who != late::items)
        return mpimap::mpi_map(comm, slices, combine, xs, ys);
    const std::size_t first_late = per_rank * static_cast<std::size_t>(late_rank);
    return mpimap::mpi_map(
        comm, slices,
        [first_late](mpimap::task t, double x, double y) {
            if (t.index() == first_late)
                std::this_thread::sleep_for(delay);
            return combine(x, y);
        },
        xs, ys);
}

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const int repetitions = argc > 1 ? std::atoi(argv[1]) : 15;
    if (world.size() < 3) {
        std::fprintf(stderr, "needs three ranks at least\n");
        return 1;
    }
    for (const std::size_t per_rank : {std::size_t{1000}, std::size_t{200'000}}) {
        std::vector<double> xs;
        std::vector<double> ys;
        if (world.rank() == 0) {
            for (std::size_t i = 0; i < per_rank * static_cast<std::size_t>(world.size()); ++i) {
                xs.push_back(std::sin(static_cast<double>(i)));
                ys.push_back(std::cos(static_cast<double>(i)));
            }
        }
        for (const late who : {late::nobody, late::items, late::call}) {
            std::vector<double> plain;
            std::vector<double> ours;
            const auto arrive = [&] {
                if (who == late::call && world.rank() == late_rank)
                    std::this_thread::sleep_for(delay);
            };
            std::vector<benchmark::candidate> variants{[&] {
                                                           arrive();
                                                           plain = plain_mpi(world, who, xs, ys, per_rank);
                                                       },
                                                       [&] {
                                                           arrive();
                                                           ours = with_mpimap(world, who, xs, ys, per_rank);
                                                       }};
            if (who == late::nobody)
                variants.emplace_back([&] { plain = with_verdicts(world, xs, ys, per_rank); });
            const auto times = benchmark::take_turns(world, variants, repetitions);
            if (world.rank() == 0 && plain != ours) {
                std::fprintf(stderr, "the results differ\n");
                return 1;
            }
            const std::string what = "static, " + std::to_string(per_rank) + " items per rank, " +
                                     std::to_string(world.size()) + " ranks, " +
                                     (who == late::nobody  ? "none late"
                                      : who == late::items ? "items late"
                                                           : "call late");
            const std::string detail = benchmark::seconds_text(times[1]) + " / " +
                                       benchmark::seconds_text(times[0]) + ": mpimap / plain MPI";
            const double ratio = times[1] / times[0];
            if (who == late::nobody) {
                benchmark::print_row(world, "B10", what, ratio, benchmark::better::below, 1.05, detail);
                benchmark::print_figure(world, "B10", what + ": mpimap / plain MPI with verdicts",
                                        times[1] / times[2], benchmark::seconds_text(times[2]));
            } else if (times[0] < 1.5 * std::chrono::duration<double>(delay).count()) {
                // Nothing to be won: the plain version takes hardly longer than the late rank alone.
                benchmark::print_figure(world, "B10", what, ratio, detail);
            } else {
                benchmark::print_row(world, "B10", what, ratio, benchmark::better::below, 0.7, detail);
            }
        }
    }
    return 0;
}
