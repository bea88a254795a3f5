// Programs that end in the middle: std::exit inside a pool's scope or an item, with an environment on main's
// stack or a static one; MPI_Finalize with an open pool. Run as `left_at_exit WHERE HOW`, HOW being who
// initialises MPI: `stack`, `static`, or the program itself, `single` or `serialized`.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <mpi.h>

#include <mpimap/mpimap.hpp>

#include "deadline.hpp"

namespace {

using block = std::vector<double>;
constexpr std::size_t large = 200'000;

std::optional<mpimap::pool> open_pool;    // destroyed behind MPI_Finalize
mpimap::future<std::vector<block>> whole; // so are these
std::vector<mpimap::future<block>> parts;
std::optional<mpimap::shared<block>> table;
int status_of_exit = 0;

int rank() {
    int r = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &r);
    return r;
}
int size() {
    int n = 1;
    MPI_Comm_size(MPI_COMM_WORLD, &n);
    return n;
}

block twice(const block& b, const block& constant) {
    block all = b;
    for (double& x : all)
        x = 2 * x + constant.back();
    return all;
}
std::vector<block> blocks() {
    return std::vector<block>(static_cast<std::size_t>(4 * size()), block(large, 1.0));
}

/// Calls with large messages in both directions, kept in what outlives MPI.
void start_calls(mpimap::pool& p) {
    table.emplace(p.share(block(large, 1.0)));
    whole = p.amap({.chunk = 1}, twice, blocks(), *table);
    for (int i = 0; i < 20; ++i)
        parts.push_back(p.submit([](const block& x) { return x; }, block(large, 1.0)));
    (void)whole.ready();
    (void)parts.front().wait_for(std::chrono::milliseconds(1));
}

MPI_Comm copy_of_world() {
    MPI_Comm copy = MPI_COMM_NULL;
    MPI_Comm_dup(MPI_COMM_WORLD, &copy);
    return copy;
}

struct leaves {
    int where;
    int operator()(int x) const {
        if (x == where)
            std::exit(status_of_exit);
        return x;
    }
};
/// An item per rank, the n-th at rank n, of which that of one ends the program.
std::vector<int> one_each() {
    std::vector<int> all(static_cast<std::size_t>(size()));
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = static_cast<int>(i);
    return all;
}
constexpr auto in_slices = mpimap::schedule::static_;

void run(const std::string& where) {
    if (where == "in_pool") {
        mpimap::pool p(MPI_COMM_WORLD);
        if (p) {
            start_calls(p);
            std::exit(status_of_exit);
        }
    } else if (where == "in_pool_of_freed") {
        MPI_Comm copy = copy_of_world();
        mpimap::pool p(copy);
        if (p)
            start_calls(p);
        MPI_Comm_free(&copy);
        if (p)
            std::exit(status_of_exit);
    } else if (where == "in_loop") {
        mpimap::pool p(MPI_COMM_WORLD);
        if (p) {
            const std::vector<block> xs = blocks();
            for (const block& b : p.imap({.chunk = 1}, twice, xs, mpimap::broadcast(block(large, 1.0)))) {
                if (b.size() == large)
                    std::exit(status_of_exit);
            }
        }
    } else if (where == "behind_pool") {
        // A rank that has served ends the program; the root, too, when it has left.
        try {
            mpimap::pool p(MPI_COMM_WORLD);
            if (!p)
                std::exit(status_of_exit);
            start_calls(p);
            throw std::runtime_error("of the program");
        } catch (const std::runtime_error&) {
        }
    } else if (where == "finalize") {
        if (open_pool.emplace(MPI_COMM_WORLD); *open_pool)
            start_calls(*open_pool);
    } else if (where == "finalize_freed") {
        MPI_Comm copy = copy_of_world();
        if (open_pool.emplace(copy); *open_pool)
            start_calls(*open_pool);
        MPI_Comm_free(&copy);
    } else if (where == "finalize_left") {
        // Several pools have been left, one is open; nobody calls the library any more.
        for (int i = 0; i < 5; ++i) {
            MPI_Comm copy = copy_of_world();
            try {
                mpimap::pool p(copy, {.root = i % size()});
                if (p) {
                    const auto later =
                        p.amap({.chunk = 1}, twice, blocks(), mpimap::broadcast(block(large, 1.0)));
                    (void)later.ready();
                    throw std::runtime_error("of the program");
                }
            } catch (const std::runtime_error&) {
            }
            MPI_Comm_free(&copy);
        }
        if (open_pool.emplace(MPI_COMM_WORLD); *open_pool)
            start_calls(*open_pool);
    } else if (where == "finalize_late") {
        // The last item is longer than the root's program.
        if (open_pool.emplace(MPI_COMM_WORLD, mpimap::pool_options{.root_computes = false}); *open_pool) {
            for (int i = 0; i < 4; ++i) {
                parts.push_back(open_pool->submit([] {
                    std::this_thread::sleep_for(std::chrono::milliseconds(300));
                    return block(large, 1.0);
                }));
            }
            if (size() > 1)
                (void)parts.front().wait_for(std::chrono::milliseconds(20));
        }
    } else if (where == "in_item_of_root") {
        (void)mpimap::mpi_map(MPI_COMM_WORLD, {.schedule = in_slices}, leaves{0}, one_each());
    } else if (where == "in_item_elsewhere") {
        (void)mpimap::mpi_map(MPI_COMM_WORLD, {.schedule = in_slices}, leaves{size() - 1}, one_each());
    } else if (where == "in_item_of_pools_root") {
        mpimap::pool p(MPI_COMM_WORLD);
        if (p)
            (void)p.map({.schedule = in_slices}, leaves{0}, one_each());
    } else if (where == "in_item_of_pool_elsewhere") {
        mpimap::pool p(MPI_COMM_WORLD);
        if (p)
            (void)p.map({.schedule = in_slices}, leaves{size() - 1}, one_each());
    } else if (where == "in_set_up") {
        const mpimap::pool p(MPI_COMM_WORLD, {.set_up = [] {
                                 if (rank() == size() - 1)
                                     std::exit(status_of_exit);
                             }});
    } else {
        std::fprintf(stderr, "what is %s?\n", where.c_str());
        std::exit(2);
    }
}

} // namespace

int main(int argc, char** argv) {
    const std::string where = argc > 1 ? argv[1] : "";
    const std::string how = argc > 2 ? argv[2] : "";
    static const faults::deadline limit(where + ", " + how, 30);
    if (how == "stack") {
        const mpimap::environment environment(argc, argv);
        run(where);
    } else if (how == "static") {
        static const mpimap::environment environment(argc, argv);
        run(where);
    } else {
        int level = 0;
        MPI_Init_thread(&argc, &argv, how == "single" ? MPI_THREAD_SINGLE : MPI_THREAD_SERIALIZED, &level);
        run(where);
        MPI_Finalize();
    }
    return 0;
}
