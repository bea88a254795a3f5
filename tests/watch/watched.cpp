// Programs that take some time, to be watched from outside.
//
// watched PROGRAM

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <ranges>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

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

void takes_seconds(const boost::mpi::communicator& world) {
    (void)mpimap::mpi_map(world, nap, mpimap::indices(300));
}
void takes_minutes(const boost::mpi::communicator& world) {
    mpimap::mpi_for_each(
        world, {.chunk = 1, .progress = true}, [](std::size_t) { std::this_thread::sleep_for(1400ms); },
        mpimap::indices(50 * static_cast<std::size_t>(world.size())));
}

constexpr struct {
    std::string_view name;
    void (*run)(const boost::mpi::communicator&);
} programs[] = {{"asked_for", asked_for},
                {"not_asked_for", not_asked_for},
                {"fails", fails},
                {"endless", endless},
                {"lazy", lazy},
                {"two_in_flight", two_in_flight},
                {"many_short_ones", many_short_ones},
                {"of_items", of_items},
                {"submitted", submitted},
                {"with_costs", with_costs},
                {"takes_seconds", takes_seconds},
                {"takes_minutes", takes_minutes}};

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    for (const auto& p : programs) {
        if (argc > 1 && p.name == argv[1]) {
            try {
                p.run(world);
            } catch (const mpimap::invalid_argument& e) {
                std::printf("rank %d: %s\n", world.rank(), e.what());
                return EXIT_SUCCESS;
            }
        }
    }
    return EXIT_SUCCESS;
}
