// Functions of all files and libraries of the program, however it was linked, are the same functions on every
// rank.

#include "modules.hpp"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>

#include <dlfcn.h>
#include <sys/personality.h>

namespace {

auto make_plain() {
    return [](int x) { return x + 1; };
}

modules::function plugin = nullptr;
void (*run_in_plugin)(mpimap::pool&) = nullptr;

void load_plugin(const char* path) {
    void* const handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr)
        std::fprintf(stderr, "%s\n", dlerror());
    CHECK(handle != nullptr);
    plugin = reinterpret_cast<modules::function>(dlsym(handle, "plugin_function"));
    CHECK(plugin != nullptr);
    run_in_plugin = reinterpret_cast<void (*)(mpimap::pool&)>(dlsym(handle, "run_in_plugin"));
    CHECK(run_in_plugin != nullptr);
}

/// Whether the system loads each process at addresses of its own.
bool addresses_are_random() {
    int level = 0;
    std::ifstream("/proc/sys/kernel/randomize_va_space") >> level;
    const int now = personality(0xffffffff);
    return level > 0 && now != -1 && (now & ADDR_NO_RANDOMIZE) == 0;
}
bool differ_among_ranks(modules::function f) {
    const auto mine = reinterpret_cast<std::uintptr_t>(f);
    int size = 0;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    std::vector<std::uintptr_t> all(static_cast<std::size_t>(size));
    MPI_Allgather(&mine, sizeof mine, MPI_BYTE, all.data(), sizeof mine, MPI_BYTE, MPI_COMM_WORLD);
    return std::any_of(all.begin(), all.end(), [&](std::uintptr_t other) { return other != all.front(); });
}

/// Otherwise the whole program would show nothing: addresses that travel as they are would do. Collective.
void expect_addresses_differ() {
    int size = 0;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    int random = addresses_are_random() ? 1 : 0;
    MPI_Allreduce(MPI_IN_PLACE, &random, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    const bool of_library =
        differ_among_ranks(modules::functions_of_library().at(1)); // internal: in no other module
    const bool of_program = differ_among_ranks([](int x) { return x; });
    if (random == 0 || size == 1)
        return;
    CHECK(of_library);
#ifdef __PIE__
    CHECK(of_program);
#else
    CHECK(!of_program);
#endif
}

struct shape {
    int sides = 0;
    [[nodiscard]] virtual int count(int x) const { return sides * x; }
    virtual ~shape() = default;
    shape() = default;
    explicit shape(int n) : sides(n) {}
    shape(const shape&) = default;
    shape& operator=(const shape&) = default;
    [[nodiscard]] int twice(int x) const { return 2 * sides * x; }
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& sides;
    }
};

const std::vector<int> xs{0, 1, 2, 3, 4, 5};

std::vector<int> from(int first) {
    return {first, first + 1, first + 2, first + 3, first + 4, first + 5};
}

void run_all(mpimap::pool& p) {
    CHECK(p.map(make_plain(), xs) == from(1));
    modules::run_in_first_file(p);
    modules::run_in_second_file(p);
    modules::run_in_first_file(p);
    modules::run_in_library(p);
    CHECK(p.map(modules::add{5}, xs) == from(5));
    int offset = 100;
    for (const modules::function f : modules::functions_of_library()) {
        CHECK(p.map({.schedule = mpimap::schedule::static_}, f, xs) == from(offset));
        offset += 100;
    }
    CHECK(p.map(modules::exported_by_library, xs) == from(100));
    CHECK(p.map(mpimap::bind_front<&shape::twice>(shape(1)), xs) == (std::vector<int>{0, 2, 4, 6, 8, 10}));
    CHECK(p.map(mpimap::bind_front(&shape::count, shape(1)), xs) == from(0));
}

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment environment(argc, argv);
    const char* const path = argc > 1 ? argv[1] : "";
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    expect_addresses_differ();
    if (mpimap::pool p(MPI_COMM_WORLD); p)
        run_all(p);

    // On the root alone: nobody else can run it, and the pool goes on.
    if (rank == 0)
        load_plugin(path);
    if (mpimap::pool p(MPI_COMM_WORLD); p) {
        const auto expect_alone = [&p](const auto& call) {
            try {
                call();
                CHECK(p.size() == 1);
            } catch (const mpimap::map_error& e) {
                CHECK(p.size() > 1);
                CHECK(std::string(e.what()).find("this rank has not loaded") != std::string::npos);
            }
        };
        for (int i = 0; i < 2; ++i) {
            expect_alone(
                [&p] { CHECK(p.map({.schedule = mpimap::schedule::static_}, plugin, xs) == from(400)); });
            expect_alone([&p] { run_in_plugin(p); });
        }
        run_all(p);
    }

    // On every rank: as any other function.
    if (mpimap::pool p(MPI_COMM_WORLD, {.set_up = [path] { load_plugin(path); }}); p) {
        CHECK(p.map({.schedule = mpimap::schedule::static_}, plugin, xs) == from(400));
        CHECK(p.submit(plugin, 1).get() == 401);
        run_in_plugin(p);
        run_all(p);
        run_in_plugin(p);
    }
    const std::vector<int> all =
        mpimap::mpi_map(MPI_COMM_WORLD, {.results = mpimap::results::everywhere}, plugin, xs);
    CHECK(all == from(400));
    return 0;
}
