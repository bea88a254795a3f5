// Programs that take some time, to be watched from outside.
//
// watched PROGRAM

#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <ranges>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "programs.hpp"

namespace {

using namespace std::chrono_literals;

std::size_t nap(std::size_t i) {
    std::this_thread::sleep_for(10ms);
    return i;
}
/// Each tenth item throws.
std::size_t nap_or_throw(std::size_t i) {
    if (nap(i) % 10 == 9)
        throw std::domain_error("nine is no good");
    return i;
}

void asked_for(const boost::mpi::communicator& world) {
    (void)mpimap::mpi_try_map(world, {.progress = true}, nap_or_throw, mpimap::indices(60));
}
void not_asked_for(const boost::mpi::communicator& world) {
    (void)mpimap::mpi_map(world, nap, mpimap::indices(30));
}
void fails(const boost::mpi::communicator& world) {
    try {
        (void)mpimap::mpi_map(world, {.progress = true}, nap_or_throw, mpimap::indices(60));
    } catch (const mpimap::map_error&) {
    }
}

/// Nobody knows how many there will be.
void endless(const boost::mpi::communicator& world) {
    mpimap::pool pool(world);
    if (!pool)
        return;
    std::size_t taken = 0;
    for (const std::size_t x : pool.imap({.progress = true}, nap, std::views::iota(std::size_t{0}))) {
        (void)x;
        if (++taken == 60)
            break;
    }
}
void lazy(const boost::mpi::communicator& world) {
    mpimap::pool pool(world);
    if (!pool)
        return;
    for (const auto& x : pool.uimap({.progress = true}, nap, std::vector<std::size_t>(60)))
        (void)x;
}

void two_in_flight(const boost::mpi::communicator& world) {
    mpimap::pool pool(world);
    if (!pool)
        return;
    auto one = pool.amap({.progress = true}, nap, mpimap::indices(40));
    auto other = pool.amap({.progress = true}, nap, mpimap::indices(20));
    (void)other.get();
    (void)one.get();
}

void many_short_ones(const boost::mpi::communicator& world) {
    for (int i = 0; i < 1000; ++i)
        (void)mpimap::mpi_map(
            world, {.progress = true}, [](std::size_t x) { return x; }, mpimap::indices(10));
}

/// Calls that items make are no calls of the program.
void of_items(const boost::mpi::communicator& world) {
    mpimap::mpi_for_each(
        world,
        [](std::size_t) {
            mpimap::mpi_for_each(
                MPI_COMM_SELF, {.progress = true}, [](std::size_t i) { (void)nap(i); }, mpimap::indices(20));
        },
        mpimap::indices(4));
}
void submitted(const boost::mpi::communicator& world) {
    mpimap::pool pool(world);
    if (!pool)
        return;
    std::vector<mpimap::future<std::size_t>> all;
    for (std::size_t i = 0; i < 30; ++i)
        all.push_back(pool.submit(nap, i));
    for (auto& one : all)
        (void)one.get();
}

/// The first half is said to be as nothing beside the second.
void with_costs(const boost::mpi::communicator& world) {
    std::vector<double> costs(100, 1e-3);
    std::fill(costs.begin() + 50, costs.end(), 1);
    (void)mpimap::mpi_map(world, {.costs = costs, .progress = true}, nap, mpimap::indices(100));
}

/// Item 5 never ends; where there are others, they have nothing else to do then.
std::size_t end_unless_five(std::size_t i) {
    while (i == 5)
        std::this_thread::sleep_for(10ms);
    return i;
}
void stuck(const boost::mpi::communicator& world) {
    (void)mpimap::mpi_map(world, {.chunk = 1}, end_unless_five, mpimap::indices(20));
}
void stuck_in_pool(const boost::mpi::communicator& world) {
    mpimap::pool pool(world);
    if (!pool)
        return;
    const auto other = pool.map(nap, mpimap::indices(10));
    for (const std::size_t x : pool.imap({.chunk = 1}, end_unless_five, mpimap::indices(20)))
        (void)x;
}
/// The first of many items does not end.
void stuck_early(const boost::mpi::communicator& world) {
    (void)mpimap::mpi_map(
        world, {.chunk = 1},
        [](std::size_t i) {
            while (i == 1)
                std::this_thread::sleep_for(10ms);
            return i;
        },
        mpimap::indices(100));
}
/// A submission of five seconds, beside others for three.
void one_long_of_many(const boost::mpi::communicator& world) {
    mpimap::pool pool(world, {.root_computes = false});
    if (!pool)
        return;
    auto slow = pool.submit(
        [](std::size_t i) {
            std::this_thread::sleep_for(5s);
            return i;
        },
        std::size_t{1});
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < 3s)
        (void)pool.submit(nap, std::size_t{1}).get();
    (void)slow.get();
}
/// A rank is stopped, as by a debugger, in its first item, and goes on after three seconds.
void stop_rank(const boost::mpi::communicator& world, int which) {
    (void)mpimap::mpi_map(
        world, {.chunk = 1},
        [](mpimap::task t, std::size_t i, int stopped) {
            std::this_thread::sleep_for(20ms);
            static bool first = true;
            if (t.rank() == stopped && std::exchange(first, false)) {
                const pid_t rank = getpid();
                if (fork() == 0) {
                    std::this_thread::sleep_for(3s);
                    kill(rank, SIGCONT);
                    _exit(0);
                }
                kill(rank, SIGSTOP);
            }
            return i;
        },
        mpimap::indices(20), mpimap::broadcast(which));
}
void stopped(const boost::mpi::communicator& world) {
    stop_rank(world, 1);
}
void stopped_root(const boost::mpi::communicator& world) {
    stop_rank(world, 0);
}
/// One rank is elsewhere for some time, in a call that is not the first.
void without(const boost::mpi::communicator& world, int rank, std::chrono::seconds length = 3s) {
    (void)mpimap::mpi_map(world, nap, mpimap::indices(10));
    if (world.rank() == rank)
        std::this_thread::sleep_for(length);
    (void)mpimap::mpi_map(world, nap, mpimap::indices(10));
    (void)mpimap::mpi_map(world, nap, mpimap::indices(10));
}
void without_one(const boost::mpi::communicator& world) {
    without(world, 1);
}
void without_one_for_a_minute(const boost::mpi::communicator& world) {
    without(world, 1, 80s);
}
void without_root(const boost::mpi::communicator& world) {
    without(world, 0);
}
/// The communicator is freed while the question is on its way.
void without_one_at_last(const boost::mpi::communicator& world) {
    const boost::mpi::communicator copy(world, boost::mpi::comm_duplicate);
    without(copy, 1);
}
void without_one_at_first(const boost::mpi::communicator& world) {
    if (world.rank() == 1)
        std::this_thread::sleep_for(3s);
    (void)mpimap::mpi_map(world, nap, mpimap::indices(10));
}
/// Nobody asks the pool for anything.
void idle(const boost::mpi::communicator& world) {
    mpimap::pool pool(world);
    if (!pool)
        return;
    (void)pool.submit(nap, std::size_t{1}).get();
    std::this_thread::sleep_for(2500ms);
    (void)pool.submit(nap, std::size_t{1}).get();
}

void takes_seconds(const boost::mpi::communicator& world) {
    (void)mpimap::mpi_map(world, nap, mpimap::indices(300));
}
void takes_minutes(const boost::mpi::communicator& world) {
    mpimap::mpi_for_each(
        world, {.chunk = 1, .progress = true}, [](std::size_t) { std::this_thread::sleep_for(1400ms); },
        mpimap::indices(50 * static_cast<std::size_t>(world.size())));
}

constexpr named_program programs[] = {{"asked_for", asked_for},
                                      {"not_asked_for", not_asked_for},
                                      {"fails", fails},
                                      {"endless", endless},
                                      {"lazy", lazy},
                                      {"two_in_flight", two_in_flight},
                                      {"many_short_ones", many_short_ones},
                                      {"of_items", of_items},
                                      {"submitted", submitted},
                                      {"with_costs", with_costs},
                                      {"stuck", stuck},
                                      {"stuck_in_pool", stuck_in_pool},
                                      {"stuck_early", stuck_early},
                                      {"one_long_of_many", one_long_of_many},
                                      {"stopped", stopped},
                                      {"stopped_root", stopped_root},
                                      {"without_one", without_one},
                                      {"without_one_for_a_minute", without_one_for_a_minute},
                                      {"without_root", without_root},
                                      {"without_one_at_last", without_one_at_last},
                                      {"without_one_at_first", without_one_at_first},
                                      {"idle", idle},
                                      {"takes_seconds", takes_seconds},
                                      {"takes_minutes", takes_minutes}};

} // namespace

int main(int argc, char** argv) {
    return run_named(argc, argv, programs);
}
