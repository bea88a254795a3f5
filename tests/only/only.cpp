// Programs in which an item throws, to be run by itself. What items do they say.
//
// only PROGRAM [unwanted]: with a second word nobody is to come to the end of main.

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <ranges>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <boost/mpi/collectives.hpp>
#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

namespace {

void say(const char* call, std::size_t i, unsigned long long drawn) {
    std::printf("%s %zu drew %llu\n", call, i, drawn);
    std::fflush(stdout);
}

double first(std::size_t i) {
    return static_cast<double>(i);
}

[[gnu::noinline]] void give_up_at_seven(std::size_t i) {
    if (i == 7)
        throw std::domain_error("seven is no good");
}

double item_that_draws(mpimap::task t, std::size_t i) {
    const std::vector<std::size_t> to_be_destroyed(100, i);
    say("second", i, t.random()());
    give_up_at_seven(to_be_destroyed.back());
    return 1;
}

double third(mpimap::task t, std::size_t i) {
    say("third", i, t.random()());
    return 1;
}

/// Makes a call of its own, which fails, and knows what to do then.
double item_with_a_call(std::size_t i) {
    try {
        mpimap::mpi_for_each(
            MPI_COMM_SELF, [](std::size_t) { throw std::domain_error("inside"); }, mpimap::indices(2));
    } catch (const mpimap::map_error&) {
        say("caught", i, 0);
    }
    give_up_at_seven(i);
    return 1;
}

template <typename Call>
void failing(const boost::mpi::communicator& world, const Call& call) {
    try {
        call();
    } catch (const mpimap::map_error& e) {
        if (world.rank() == 0)
            std::fprintf(stderr, "%s\n", e.what());
    }
}

void three_calls(const boost::mpi::communicator& world) {
    (void)mpimap::mpi_map(world, first, mpimap::indices(10));
    failing(world, [&] {
        (void)mpimap::mpi_map(world, {.on_error = mpimap::on_error::collect, .seed = 5}, item_that_draws,
                              mpimap::indices(20));
    });
    mpimap::pool pool(world);
    if (pool)
        (void)pool.map({.seed = 5}, third, mpimap::indices(20));
}

void reduce(const boost::mpi::communicator& world) {
    failing(world, [&] {
        (void)mpimap::mpi_map_reduce(world, {.seed = 5}, std::plus<>(), 0.0, item_that_draws,
                                     mpimap::indices(600));
    });
}

/// An input that is read once, as it goes; calls in flight meanwhile.
void lazy(const boost::mpi::communicator& world) {
    mpimap::pool pool(world);
    if (!pool)
        return;
    const auto later = pool.amap(first, mpimap::indices(100'000));
    std::istringstream numbers("0 1 2 3 4 5 6 7 8 9");
    failing(world, [&] {
        for (const double x :
             pool.imap({.seed = 5}, item_that_draws, std::ranges::istream_view<std::size_t>(numbers)))
            (void)x;
    });
}

void submitted(const boost::mpi::communicator& world) {
    mpimap::pool pool(world);
    if (pool)
        (void)pool.submit(first, std::size_t{1}).get();
}

/// With ranks that the pool makes, and which end with it.
void spawned(const boost::mpi::communicator&) {
    mpimap::pool pool(mpimap::spawn{3});
    (void)pool.map(first, mpimap::indices(10));
    (void)pool.map({.seed = 5}, item_that_draws, mpimap::indices(20));
}

/// The root is the last rank.
void last_root(const boost::mpi::communicator& world) {
    failing(world, [&] {
        (void)mpimap::mpi_map(world, {.root = world.size() - 1, .seed = 5}, item_that_draws,
                              mpimap::indices(20));
    });
}

/// Each half of the ranks has a call of its own.
void halves(const boost::mpi::communicator& world) {
    const boost::mpi::communicator half = world.split(world.rank() % 2);
    failing(world, [&] { (void)mpimap::mpi_map(half, {.seed = 5}, item_that_draws, mpimap::indices(20)); });
}

void nested(const boost::mpi::communicator& world) {
    failing(world, [&] { (void)mpimap::mpi_map(world, item_with_a_call, mpimap::indices(20)); });
}

void calls_back(const boost::mpi::communicator& world) {
    mpimap::pool pool(world);
    if (!pool)
        return;
    static mpimap::pool* const same = &pool;
    (void)pool.map([](std::size_t) { return same->map(first, mpimap::indices(2)).size(); },
                   mpimap::indices(3));
}

constexpr struct {
    std::string_view name;
    void (*run)(const boost::mpi::communicator&);
} programs[] = {{"three_calls", three_calls}, {"reduce", reduce},   {"lazy", lazy},
                {"submitted", submitted},     {"spawned", spawned}, {"last_root", last_root},
                {"halves", halves},           {"nested", nested},   {"calls_back", calls_back}};

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    for (const auto& p : programs) {
        if (p.name == argv[1])
            p.run(world);
    }
    return argc > 2 ? EXIT_FAILURE : EXIT_SUCCESS;
}
