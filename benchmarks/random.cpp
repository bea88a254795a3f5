// Random streams: what it costs to make one, and to draw from it, beside std::mt19937_64. One rank.

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "comparison.hpp"

namespace {

using word = std::uint64_t;

/// The compiler must have the value in memory, or in a register.
template <typename T>
void use(const T& value) {
    if constexpr (sizeof(T) <= sizeof(word)) {
        asm volatile("" : : "r"(value));
    } else {
        asm volatile("" : : "m"(value) : "memory");
    }
}

std::string detail_of(double ours, double other) {
    return std::to_string(ours * 1e9) + " ns / " + std::to_string(other * 1e9) + " ns";
}

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator self(MPI_COMM_SELF, boost::mpi::comm_attach);

    constexpr word many = 1'000'000;
    constexpr word few = many / 1000; // engines of 2.5 KiB
    constexpr int repetitions = 15;
    word seed = 42;
    asm volatile("" : "+r"(seed)); // which the compiler does not know
    const auto each = [&](word n, const auto& work) {
        return [n, &work] {
            for (word i = 0; i < n; ++i)
                work(i);
        };
    };

    const auto make = [&](word i) { use(mpimap::random_engine(seed, i)); };
    const auto make_by_task = [&](word i) { use(mpimap::task(i, 0, 1, seed).random()); };
    const auto make_and_draw = [&](word i) { use(mpimap::random_engine(seed, i)()); };
    const auto theirs_make_and_draw = [&](word i) { use(std::mt19937_64(seed + i)()); };
    mpimap::random_engine ours(seed, 0);
    std::mt19937_64 theirs(seed);
    const auto draw = [&](word) { use(ours()); };
    const auto theirs_draw = [&](word) { use(theirs()); };

    std::vector<double> times =
        benchmark::take_turns(self,
                              {each(many, make), each(many, make_by_task), each(many, make_and_draw),
                               each(few, theirs_make_and_draw), each(many, draw), each(many, theirs_draw)},
                              repetitions);
    const std::vector<word> rounds = {many, many, many, few, many, many};
    for (std::size_t k = 0; k < times.size(); ++k)
        times[k] /= static_cast<double>(rounds[k]);
    using benchmark::better;
    benchmark::print_row(self, "-", "make a random stream: ns", times[0] * 1e9, better::below, 20,
                         detail_of(times[0], 20e-9));
    benchmark::print_row(self, "-", "the same by task::random: ns", times[1] * 1e9, better::below, 20,
                         detail_of(times[1], 20e-9));
    benchmark::print_figure(self, "-", "make a random stream and draw a word: time / std::mt19937_64",
                            times[2] / times[3], detail_of(times[2], times[3]));
    benchmark::print_figure(self, "-", "draw a word: time / std::mt19937_64", times[4] / times[5],
                            detail_of(times[4], times[5]));
}
