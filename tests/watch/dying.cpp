// Programs of which a rank dies in an item, or comes to no end with it.
//
// dying PROGRAM [all]: item 17 of the second call does it, on whatever rank; with a second word the program
// is to survive.

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

namespace {

using namespace std::chrono_literals;

void touch_nothing() {
    static volatile char* const page =
        static_cast<char*>(mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    *page = 1;
}
// NOLINTNEXTLINE(misc-no-recursion)
[[gnu::noinline]] int go_deeper(int depth) {
    static volatile bool enough = false;
    if (enough)
        return 0;
    volatile char frame[1024];
    std::memset(const_cast<char*>(frame), depth, sizeof frame);
    return go_deeper(depth + 1) + frame[17];
}
[[noreturn]] void never_end() {
    while (true)
        std::this_thread::sleep_for(1ms);
}

void give_up() {
    throw std::domain_error("seventeen is no good");
}
void throw_in_vain() noexcept {
    give_up();
}

enum class end {
    segv,
    overflow,
    fpe,
    abort,
    exit,
    in_thread,
    nested,
    kill,
    endless,
    slow,
    forked,
    terminate
};
struct item {
    end how;
    double operator()(std::size_t i, double half) const {
        if (i == 17)
            die();
        return half;
    }
    void die() const {
        switch (how) {
        case end::segv:
            touch_nothing();
            break;
        case end::overflow:
            (void)go_deeper(0);
            break;
        case end::fpe:
            std::raise(SIGFPE);
            break;
        case end::abort:
            std::abort();
        case end::exit:
            std::exit(3);
        case end::in_thread:
            std::thread(touch_nothing).join();
            break;
        case end::nested:
            mpimap::mpi_for_each(
                MPI_COMM_SELF, [](std::size_t i) { i == 2 ? touch_nothing() : void(); }, mpimap::indices(3));
            break;
        case end::kill:
            std::raise(SIGTERM);
            break;
        case end::endless:
            never_end();
        case end::terminate:
            throw_in_vain();
            break;
        case end::slow:
            std::this_thread::sleep_for(1s);
            break;
        case end::forked:
            const pid_t child = fork();
            if (child == 0)
                touch_nothing();
            waitpid(child, nullptr, 0);
            break;
        }
    }
};

std::vector<double> halves() {
    std::vector<double> all(40);
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = 0.5 * static_cast<double>(i);
    return all;
}

void two_calls(const boost::mpi::communicator& world, end how, mpimap::options o = {}) {
    mpimap::mpi_for_each(
        world, [](std::size_t) {}, mpimap::indices(10));
    (void)mpimap::mpi_map(world, o, item{how}, mpimap::indices(40), halves());
}
void of_pool(const boost::mpi::communicator& world, end how, const mpimap::options& o = {}) {
    mpimap::pool pool(world);
    if (!pool)
        return;
    (void)pool.map([](std::size_t) { return 1; }, mpimap::indices(10));
    for (const double x : pool.imap(o, item{how}, mpimap::indices(40), halves()))
        (void)x;
}
void submitted(const boost::mpi::communicator& world) {
    mpimap::pool pool(world);
    if (pool)
        (void)pool.submit(item{end::segv}, std::size_t{17}, 8.5).get();
}

/// Of the root there are no items.
void endless_spawned() {
    mpimap::pool pool(mpimap::spawn{2}, {.root_computes = false});
    (void)pool.map([](std::size_t) { return 1; }, mpimap::indices(10));
    (void)pool.map({.item_timeout = 500ms}, item{end::endless}, mpimap::indices(40), halves());
}

/// 10,000 items, all of them together far longer than one may take, while the machine is busy.
void uneven(const boost::mpi::communicator& world) {
    mpimap::mpi_for_each(
        world, {.item_timeout = 2s},
        [](std::size_t i) {
            std::this_thread::sleep_for(i % 1000 == 0 ? 300ms : i % 10 == 0 ? 1ms : 0ms);
        },
        mpimap::indices(10'000));
}
/// Longer as a whole than an item may be.
void many_in_a_chunk(const boost::mpi::communicator& world) {
    (void)mpimap::mpi_map(
        world, {.schedule = mpimap::schedule::static_, .item_timeout = 500ms},
        [](std::size_t i) {
            std::this_thread::sleep_for(20ms);
            return i;
        },
        mpimap::indices(150));
}

} // namespace

// One that is static is destroyed by std::exit, and MPI with it.
int main(int argc, char** argv) {
    static const mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::string_view program = argc > 1 ? argv[1] : "";
    constexpr struct {
        std::string_view name;
        end how;
    } deaths[] = {{"segv", end::segv},     {"overflow", end::overflow}, {"fpe", end::fpe},
                  {"abort", end::abort},   {"exit", end::exit},         {"in_thread", end::in_thread},
                  {"nested", end::nested}, {"kill", end::kill},         {"endless", end::endless},
                  {"slow", end::slow},     {"forked", end::forked},     {"terminate", end::terminate}};
    for (const auto& death : deaths) {
        if (program == death.name)
            two_calls(world, death.how, {.item_timeout = 500ms});
    }
    if (program == "static")
        two_calls(world, end::segv, {.schedule = mpimap::schedule::static_});
    if (program == "handled") {
        std::signal(SIGSEGV, [](int) { std::_Exit(7); });
        two_calls(world, end::segv);
    }
    if (program == "pool")
        of_pool(world, end::segv);
    if (program == "endless_in_pool")
        of_pool(world, end::endless, {.item_timeout = 500ms});
    if (program == "endless_static")
        two_calls(world, end::endless, {.schedule = mpimap::schedule::static_, .item_timeout = 500ms});
    if (program == "endless_spawned")
        endless_spawned();
    if (program == "submit")
        submitted(world);
    if (program == "uneven")
        uneven(world);
    if (program == "many_in_a_chunk")
        many_in_a_chunk(world);
    if (program == "outside")
        touch_nothing();
    std::printf("rank %d survives\n", world.rank());
    return EXIT_SUCCESS;
}
