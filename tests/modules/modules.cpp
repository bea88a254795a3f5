// Functions of all files and libraries of the program, however it was linked, are the same functions on every
// rank.

#include "modules.hpp"

#include <string>

#include <dlfcn.h>

namespace {

auto make_plain() {
    return [](int x) { return x + 1; };
}

modules::function plugin = nullptr;

void load_plugin(const char* path) {
    void* const handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr)
        std::fprintf(stderr, "%s\n", dlerror());
    CHECK(handle != nullptr);
    plugin = reinterpret_cast<modules::function>(dlsym(handle, "plugin_function"));
    CHECK(plugin != nullptr);
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
    if (mpimap::pool p(MPI_COMM_WORLD); p)
        run_all(p);

    // On the root alone: nobody else can run it, and the pool goes on.
    if (rank == 0)
        load_plugin(path);
    if (mpimap::pool p(MPI_COMM_WORLD); p) {
        try {
            const std::vector<int> got = p.map({.schedule = mpimap::schedule::static_}, plugin, xs);
            CHECK(p.size() == 1 && got == from(400));
        } catch (const mpimap::map_error& e) {
            CHECK(p.size() > 1);
            CHECK(std::string(e.what()).find("this rank has not loaded") != std::string::npos);
        }
        run_all(p);
    }

    // On every rank: as any other function.
    if (mpimap::pool p(MPI_COMM_WORLD, {.set_up = [path] { load_plugin(path); }}); p) {
        CHECK(p.map({.schedule = mpimap::schedule::static_}, plugin, xs) == from(400));
        CHECK(p.submit(plugin, 1).get() == 401);
        run_all(p);
    }
    const std::vector<int> all =
        mpimap::mpi_map(MPI_COMM_WORLD, {.results = mpimap::results::everywhere}, plugin, xs);
    CHECK(all == from(400));
    return 0;
}
