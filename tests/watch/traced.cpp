// Calls for MPIMAP_TRACE: traced PROGRAM. Writes what items measure themselves.

#include <chrono>
#include <csignal>
#include <cstdio>
#include <numeric>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <unistd.h>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "programs.hpp"

namespace {

using namespace std::chrono_literals;

double seconds_now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// How long it took.
double nap(std::size_t i) {
    const double begin = seconds_now();
    std::this_thread::sleep_for(i % 4 * 1ms + 2ms);
    return seconds_now() - begin;
}
double straggle(std::size_t i) {
    const double begin = seconds_now();
    std::this_thread::sleep_for(i == 7 ? 300ms : 2ms);
    return seconds_now() - begin;
}
std::string large(std::size_t i) {
    std::this_thread::sleep_for(2ms);
    return std::string(300'000, static_cast<char>('a' + i % 26));
}

/// A line for a call: its number, how many items, and how long they took.
void took(const boost::mpi::communicator& world, int call, const std::vector<double>& seconds) {
    if (world.rank() == 0)
        std::printf("%d %zu %.6f\n", call, seconds.size(),
                    std::accumulate(seconds.begin(), seconds.end(), 0.0));
}

void calls(const boost::mpi::communicator& world) {
    took(world, 1, mpimap::mpi_map(world, nap, mpimap::indices(100)));
    took(world, 2, mpimap::mpi_map(world, {.schedule = mpimap::schedule::static_}, nap, mpimap::indices(50)));
    took(world, 3, mpimap::mpi_map(world, {.chunk = 1}, straggle, mpimap::indices(40)));
    (void)mpimap::mpi_map(world, large, mpimap::indices(30));
    (void)mpimap::mpi_try_map(
        world,
        [](std::size_t i) {
            if (i == 3)
                throw std::runtime_error("three");
            return nap(i);
        },
        mpimap::indices(20));
}

void pools(const boost::mpi::communicator& world) {
    mpimap::pool pool(world);
    if (!pool)
        return;
    took(world, 1, pool.map(nap, mpimap::indices(100)));
    std::vector<double> all;
    for (const double s : pool.imap(nap, mpimap::indices(60)))
        all.push_back(s);
    took(world, 2, all);
    auto first = pool.amap(nap, mpimap::indices(50));
    auto second = pool.amap(straggle, mpimap::indices(30));
    took(world, 4, second.get());
    took(world, 3, first.get());
    std::vector<mpimap::future<double>> singly;
    for (std::size_t i = 0; i < 20; ++i)
        singly.push_back(pool.submit(nap, i));
    for (auto& f : singly)
        (void)f.get();
}

/// Two communicators, each with a root of its own, and calls of items.
void halves(const boost::mpi::communicator& world) {
    const boost::mpi::communicator half = world.split(world.rank() % 2);
    (void)mpimap::mpi_map(
        half,
        [](std::size_t i) {
            const boost::mpi::communicator self(MPI_COMM_SELF, boost::mpi::comm_attach);
            return mpimap::mpi_map(self, nap, mpimap::indices(2)).back() + static_cast<double>(i);
        },
        mpimap::indices(20));
}

/// Is killed in its third call.
void killed(const boost::mpi::communicator& world) {
    (void)mpimap::mpi_map(world, nap, mpimap::indices(3000));
    (void)mpimap::mpi_map(
        world,
        [](std::size_t i) {
            if (i == 5)
                kill(getpid(), SIGKILL);
            return i;
        },
        mpimap::indices(20));
}

/// For the picture: one item takes much longer than all others.
void straggler(const boost::mpi::communicator& world) {
    (void)mpimap::mpi_map(
        world, {.chunk = 1},
        [](std::size_t i) {
            std::this_thread::sleep_for(i == 23 ? 420ms : std::chrono::milliseconds(15 + i * 37 % 20));
            return i;
        },
        mpimap::indices(64));
}

void many(const boost::mpi::communicator& world) {
    (void)mpimap::mpi_map(
        world, {.chunk = 1}, [](std::size_t i) { return i; }, mpimap::indices(1'300'000));
}

constexpr named_program programs[] = {{"calls", calls},   {"pools", pools},         {"halves", halves},
                                      {"killed", killed}, {"straggler", straggler}, {"many", many}};

} // namespace

int main(int argc, char** argv) {
    return run_named(argc, argv, programs);
}
