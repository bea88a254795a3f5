// One allocation fails on one rank, the n-th since the workload began, or from there on all:
//
//   test_out_of_memory WORKLOAD RANK one|on FIRST STEP
//
// for n = FIRST, FIRST + STEP, ... until there are not so many. After each the communicator must be usable,
// nobody may have wrong results, and nobody may wait for ever. The job may end, where the rank says why; the
// last n on standard output is then the one for which it did.

#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/mpi/collectives.hpp>
#include <boost/serialization/string.hpp>
#include <unistd.h>

#include <mpimap/mpimap.hpp>

#include "failing_allocation.hpp"

namespace {

namespace mpi = boost::mpi;

struct record {
    std::string name;
    double value = 0;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& name;
        ar& value;
    }
};

constexpr int items = 23;

void expect(bool right) {
    if (right)
        return;
    std::printf("WRONG results\n");
    std::fflush(stdout);
    std::_Exit(3);
}
template <typename T, typename Is>
void expect_each(const std::vector<T>& all, const Is& is) {
    expect(all.size() == items);
    for (int i = 0; i < items; ++i)
        expect(is(all[static_cast<std::size_t>(i)], i));
}

double half(int x) {
    return x * 0.5;
}
bool is_half(double y, int x) {
    return y == x * 0.5;
}
std::string with_dots(const std::string& s) {
    return s + "......................................";
}
record twice(const record& r) {
    return {r.name + r.name, 2 * r.value};
}
int odd_ones_fail(int x) {
    if (x % 2 == 1)
        throw std::runtime_error("odd, and with a text that is too long for a small string: " +
                                 std::to_string(x));
    return x;
}

/// What a workload needs is made beforehand: memory that the user's own code has not got is not the subject.
struct inputs {
    std::vector<int> xs = std::vector<int>(items);
    std::vector<std::string> texts;
    std::vector<record> records;
    std::vector<double> table = std::vector<double>(3000, 1);
    inputs() {
        std::iota(xs.begin(), xs.end(), 0);
        for (const int x : xs) {
            texts.push_back(std::string(40, static_cast<char>('a' + x)));
            records.push_back({texts.back(), half(x)});
        }
    }
};

using workload = std::function<void(const mpi::communicator&, const inputs&)>;

template <typename Use>
workload in_pool(const Use& use) {
    return [use](const mpi::communicator& world, const inputs& in) {
        mpimap::pool pool(world);
        if (pool)
            use(pool, in);
    };
}

const std::map<std::string, workload> workloads = {
    {"plain",
     [](const mpi::communicator& world, const inputs& in) {
         const auto all = mpimap::mpi_map(world, half, in.xs);
         if (world.rank() == 0)
             expect_each(all, is_half);
     }},
    {"encoded",
     [](const mpi::communicator& world, const inputs& in) {
         const auto all = mpimap::mpi_map(world, with_dots, in.texts);
         if (world.rank() == 0) {
             expect_each(all, [&](const std::string& s, int x) {
                 return s.size() == 78 && s[0] == static_cast<char>('a' + x);
             });
         }
     }},
    {"boost",
     [](const mpi::communicator& world, const inputs& in) {
         const auto all = mpimap::mpi_map(world, twice, in.records);
         if (world.rank() == 0)
             expect_each(all, [](const record& r, int x) { return r.name.size() == 80 && r.value == x; });
     }},
    {"failing",
     [](const mpi::communicator& world, const inputs& in) {
         try {
             (void)mpimap::mpi_map(world, {.on_error = mpimap::on_error::collect}, odd_ones_fail, in.xs);
             expect(false);
         } catch (const mpimap::map_error& e) {
             expect(!e.errors().empty());
         }
     }},
    {"reduce",
     [](const mpi::communicator& world, const inputs& in) {
         const double sum = mpimap::mpi_map_reduce(world, std::plus<>(), 0.0, half, in.xs);
         if (world.rank() == 0)
             expect(sum == half(items * (items - 1) / 2));
     }},
    {"everywhere",
     [](const mpi::communicator& world, const inputs& in) {
         expect_each(mpimap::mpi_map(world, {.results = mpimap::results::everywhere}, half, in.xs), is_half);
     }},
    {"try",
     [](const mpi::communicator& world, const inputs& in) {
         const auto all = mpimap::mpi_try_map(world, odd_ones_fail, in.xs);
         if (world.rank() == 0)
             expect_each(all, [](const auto& r, int x) { return !r || *r == x; });
     }},
    {"pool_map", in_pool([](mpimap::pool& pool, const inputs& in) {
         for (int k = 0; k < 2; ++k)
             expect_each(pool.map(half, in.xs), is_half);
     })},
    {"imap", in_pool([](mpimap::pool& pool, const inputs& in) {
         int x = 0;
         for (const std::string& s : pool.imap(with_dots, in.texts))
             expect(s.size() == 78 && s[0] == static_cast<char>('a' + x++));
         expect(x == items);
     })},
    {"submit", in_pool([](mpimap::pool& pool, const inputs& in) {
         auto first = pool.submit(half, in.xs[1]);
         auto second = pool.submit(with_dots, in.texts[2]);
         expect(first.get() == 0.5);
         expect(second.get().size() == 78);
     })},
    {"share", in_pool([](mpimap::pool& pool, const inputs& in) {
         const auto table = pool.share(in.table);
         expect_each(
             pool.map([](const std::vector<double>& t, int x) { return half(x) * t[7]; }, table, in.xs),
             is_half);
     })},
};

void hangs(int) {
    static constexpr char text[] = "HANGS\n";
    (void)!write(STDOUT_FILENO, text, sizeof text - 1);
    std::_Exit(4);
}

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment environment(argc, argv);
    const mpi::communicator world;
    if (argc != 6)
        return 2;
    const workload& run = workloads.at(argv[1]);
    const int rank = std::atoi(argv[2]);
    const bool all_behind = std::string(argv[3]) == "on";
    const long step = std::atol(argv[5]);
    const inputs in;
    run(world, in);
    std::signal(SIGALRM, hangs);
    for (long n = std::atol(argv[4]);; n += step) {
        if (world.rank() == 0) {
            std::printf("%ld\n", n);
            std::fflush(stdout);
        }
        world.barrier();
        alarm(20);
        if (world.rank() == rank)
            faults::fail_allocation(n, all_behind);
        std::string thrown;
        try {
            run(world, in);
        } catch (const std::exception&) {
            thrown = "thrown";
        }
        faults::fail_allocation(0);
        const auto sum = mpimap::mpi_map(world, half, in.xs);
        if (world.rank() == 0)
            expect_each(sum, is_half);
        bool failed = faults::allocation_has_failed();
        mpi::broadcast(world, failed, rank);
        if (!thrown.empty() && !failed) {
            std::printf("THROWN without a cause\n");
            std::fflush(stdout);
            std::_Exit(3);
        }
        if (!failed)
            return EXIT_SUCCESS;
    }
}
