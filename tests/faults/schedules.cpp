// Random calls with messages that come late and ranks that are slow: each item runs exactly once, and results
// are in order, whatever the schedule.
//
// MPIMAP_RANDOM_CALLS=n runs n calls instead of a thousand; MPIMAP_RANDOM_SEED=s begins with another call:
// a failure names the call's number, which is its seed.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <forward_list>
#include <list>
#include <numeric>
#include <optional>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <mpi.h>

#include <mpimap/mpimap.hpp>

#include "deadline.hpp"
#include "mpi_test.hpp"

// ---------------------------------------------------------------- messages that come late

namespace {

std::atomic<int> unrest{0}; // 0: none; above: one call in so many is disturbed

bool disturbed(unsigned rarely) {
    thread_local std::minstd_rand random(static_cast<unsigned>(
        std::hash<std::thread::id>{}(std::this_thread::get_id()) + static_cast<unsigned>(getpid())));
    const int often = unrest.load(std::memory_order_relaxed);
    return often != 0 && random() % (static_cast<unsigned>(often) * rarely) == 0;
}

void dawdle() {
    if (disturbed(8))
        std::this_thread::sleep_for(std::chrono::microseconds(20));
}

} // namespace

extern "C" {

int MPI_Isend(const void* data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm,
              MPI_Request* request) {
    dawdle();
    return PMPI_Isend(data, count, type, to, tag, comm, request);
}

int MPI_Irecv(void* data, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm,
              MPI_Request* request) {
    dawdle();
    return PMPI_Irecv(data, count, type, from, tag, comm, request);
}

int MPI_Iprobe(int from, int tag, MPI_Comm comm, int* there, MPI_Status* status) {
    if (disturbed(1)) {
        *there = 0;
        return MPI_SUCCESS;
    }
    return PMPI_Iprobe(from, tag, comm, there, status);
}

int MPI_Test(MPI_Request* request, int* done, MPI_Status* status) {
    if (disturbed(2)) {
        *done = 0;
        return MPI_SUCCESS;
    }
    return PMPI_Test(request, done, status);
}
}

// ---------------------------------------------------------------- random calls

namespace {

using mpimap_test::comm;
using mpimap_test::rank;
using mpimap_test::size;

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
    std::uint64_t x = a * 0x9e3779b97f4a7c15ULL + b;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31U);
}

/// How often each item ran on this rank.
std::vector<int> runs_here;

enum class pace : std::int32_t { empty, even, random, growing, falling, one_slow_rank };

std::int64_t number_of(std::int64_t x) {
    return x;
}
std::int64_t number_of(const std::string& text) {
    return std::stoll(text);
}
std::int64_t number_of(const std::vector<double>& v) {
    return v.empty() ? 0 : static_cast<std::int64_t>(v.back());
}

template <typename T>
T value_of(std::int64_t x) {
    if constexpr (std::is_same_v<T, std::string>) {
        return std::to_string(x);
    } else if constexpr (std::is_same_v<T, std::vector<double>>) {
        // Some travel with the message, some apart from it.
        return std::vector<double>(1 + mixed(1, static_cast<std::uint64_t>(x)) % 12'000,
                                   static_cast<double>(x));
    } else {
        return static_cast<T>(x);
    }
}

template <typename T>
struct item {
    std::uint64_t seed = 0;
    std::uint64_t items = 0;
    pace how = pace::empty;
    std::int32_t failing = 0; // one item in so many throws

    [[nodiscard]] bool fails(std::size_t i) const {
        return failing != 0 && mixed(seed, i) % static_cast<std::uint64_t>(failing) == 0;
    }

    T operator()(mpimap::task where, const T& x) const {
        const std::size_t i = where.index();
        ++runs_here.at(i);
        std::uint64_t us = 0;
        switch (how) {
        case pace::empty:
            break;
        case pace::even:
            us = 30;
            break;
        case pace::random:
            us = mixed(seed + 1, i) % 8 == 0 ? mixed(seed + 2, i) % 400 : 0;
            break;
        case pace::growing:
            us = 100 * i / items;
            break;
        case pace::falling:
            us = 100 * (items - i) / items;
            break;
        case pace::one_slow_rank:
            us = where.rank() == static_cast<int>(seed % static_cast<std::uint64_t>(where.size())) ? 200 : 1;
            break;
        }
        if (us != 0)
            std::this_thread::sleep_for(std::chrono::microseconds(us));
        if (fails(i))
            throw std::domain_error("item " + std::to_string(i));
        return value_of<T>(2 * number_of(x) + 1);
    }
};

struct random_call {
    std::uint64_t seed;
    std::mt19937_64 random{seed};
    std::size_t items = 0;
    mpimap::options options;
    pace how = pace::empty;
    int failing = 0;
    int kind = 0;
    int type = 0;

    std::uint64_t up_to(std::uint64_t n) { return random() % (n + 1); }

    explicit random_call(std::uint64_t s) : seed(s) {
        const std::size_t most[] = {3, 20, 100, 600};
        items = up_to(most[up_to(3)]);
        const mpimap::schedule schedules[] = {mpimap::schedule::automatic, mpimap::schedule::static_,
                                              mpimap::schedule::dynamic, mpimap::schedule::guided,
                                              mpimap::schedule::factoring};
        options.schedule = schedules[up_to(4)];
        if (up_to(1) == 0)
            options.chunk = 1 + up_to(up_to(1) == 0 ? 6 : items + 3);
        options.root = static_cast<int>(up_to(static_cast<std::uint64_t>(size()) - 1));
        if (up_to(3) == 0 && (options.schedule == mpimap::schedule::automatic ||
                              options.schedule == mpimap::schedule::dynamic)) {
            for (std::size_t i = 0; i < items; ++i)
                options.costs.push_back(static_cast<double>(up_to(1000)) / 10);
        }
        options.results = up_to(3) == 0 ? mpimap::results::everywhere : mpimap::results::root;
        how = static_cast<pace>(up_to(5));
        failing = up_to(2) == 0 ? static_cast<int>(3 + up_to(40)) : 0;
        options.on_error = up_to(1) == 0 ? mpimap::on_error::stop : mpimap::on_error::collect;
        kind = static_cast<int>(up_to(3));
        if (kind == 1)
            options.results = mpimap::results::root; // there are none to share
        type = static_cast<int>(up_to(2));
        if (type == 2)
            items = items % 60;
        if (options.costs.size() > items)
            options.costs.resize(items);
        unrest = up_to(3) == 0 ? 0 : static_cast<int>(1 + up_to(3)) + 1;
    }

    [[nodiscard]] std::string text() const {
        std::ostringstream os;
        os << "MPIMAP_RANDOM_SEED=" << seed << ": " << items << " items, schedule "
           << static_cast<int>(options.schedule) << ", chunk " << options.chunk.value_or(0) << ", root "
           << options.root << ", " << options.costs.size() << " costs, everywhere "
           << (options.results == mpimap::results::everywhere) << ", collect "
           << (options.on_error == mpimap::on_error::collect) << ", pace " << static_cast<int>(how)
           << ", failing " << failing << ", kind " << kind << ", type " << type << ", unrest " << unrest;
        return std::move(os).str();
    }
};

template <typename T, typename Range>
void run(const random_call& c) {
    Range arguments;
    const bool here = rank() == c.options.root;
    if (here) {
        std::vector<T> values;
        for (std::size_t i = 0; i < c.items; ++i)
            values.push_back(value_of<T>(static_cast<std::int64_t>(i)));
        arguments = Range(values.begin(), values.end());
    }
    const item<T> f{c.seed, c.items, c.how, c.failing};
    std::size_t failing = 0;
    for (std::size_t i = 0; i < c.items; ++i)
        failing += f.fails(i) ? 1 : 0;
    runs_here.assign(c.items, 0);

    const bool have_results = here || c.options.results == mpimap::results::everywhere;
    const auto right = [](std::size_t i) { return value_of<T>(2 * static_cast<std::int64_t>(i) + 1); };
    bool all_run = true;
    if (c.kind == 0) {
        const auto got = mpimap::mpi_try_map(comm(), c.options, f, arguments);
        EXPECT_EQ(got.size(), have_results ? c.items : 0);
        for (std::size_t i = 0; i < got.size(); ++i) {
            EXPECT_EQ(got[i].has_value(), !f.fails(i)) << i;
            if (got[i].has_value()) {
                EXPECT_TRUE(*got[i] == right(i)) << i;
            } else {
                EXPECT_EQ(got[i].error().what(), "item " + std::to_string(i));
                EXPECT_EQ(got[i].error().index(), i);
            }
        }
    } else {
        std::string text;
        std::vector<T> got;
        try {
            if (c.kind == 1) {
                mpimap::mpi_for_each(comm(), c.options, f, arguments);
            } else {
                got = mpimap::mpi_map(comm(), c.options, f, arguments);
            }
        } catch (const mpimap::map_error& e) {
            text = e.what();
            all_run = c.options.on_error == mpimap::on_error::collect;
            EXPECT_EQ(e.items(), c.items);
            if (all_run) {
                EXPECT_EQ(e.failed(), failing);
            }
            for (const auto& error : e.errors()) {
                EXPECT_TRUE(f.fails(error.index())) << error.index();
                EXPECT_EQ(error.what(), "item " + std::to_string(error.index()));
            }
        }
        EXPECT_EQ(!text.empty(), failing != 0) << text;
        EXPECT_TRUE(mpimap_test::same_everywhere(text)) << text;
        if (failing == 0 && c.kind != 1) {
            EXPECT_EQ(got.size(), have_results ? c.items : 0);
            for (std::size_t i = 0; i < got.size(); ++i)
                EXPECT_TRUE(got[i] == right(i)) << i;
        }
    }
    std::vector<int> runs(c.items);
    MPI_Allreduce(runs_here.data(), runs.data(), static_cast<int>(c.items), MPI_INT, MPI_SUM, comm());
    for (std::size_t i = 0; i < c.items; ++i) {
        if (all_run) {
            EXPECT_EQ(runs[i], 1) << "item " << i;
        } else {
            EXPECT_LE(runs[i], 1) << "item " << i;
        }
    }
}

void reduce(const random_call& c) {
    runs_here.assign(c.items, 0);
    const auto join = [](const std::string& a, const std::string& b) { return a + b; }; // does not commute
    std::string expected = "<";
    for (std::size_t i = 0; i < c.items; ++i)
        expected += std::to_string(i) + ",";
    const std::string got = mpimap::mpi_map_reduce(
        comm(), c.options, join, std::string("<"),
        [](mpimap::task t, std::size_t i) {
            ++runs_here.at(t.index());
            return std::to_string(i) + ",";
        },
        mpimap::indices(c.items));
    const bool have_result = rank() == c.options.root || c.options.results == mpimap::results::everywhere;
    EXPECT_EQ(got, have_result ? expected : "<");
    std::vector<int> runs(c.items);
    MPI_Allreduce(runs_here.data(), runs.data(), static_cast<int>(c.items), MPI_INT, MPI_SUM, comm());
    EXPECT_EQ(runs, std::vector<int>(c.items, 1));
}

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(schedules, random_calls) {
    const std::uint64_t first = from_environment("MPIMAP_RANDOM_SEED", 1);
    const std::uint64_t calls = from_environment("MPIMAP_RANDOM_CALLS", 1000);
    for (std::uint64_t seed = first; seed != first + calls; ++seed) {
        const random_call c(seed);
        SCOPED_TRACE(c.text());
        const faults::deadline limit(c.text());
        try {
            if (c.kind == 3 && c.type == 0) {
                reduce(c);
            } else if (c.type == 0) {
                run<std::int64_t, std::vector<std::int64_t>>(c);
            } else if (c.type == 1) {
                run<std::string, std::list<std::string>>(c);
            } else {
                run<std::vector<double>, std::vector<std::vector<double>>>(c);
            }
        } catch (const std::exception& e) {
            ADD_FAILURE() << e.what();
        }
        // All stop together, so that the first failure is the last thing seen.
        if (mpimap_test::sum_over_ranks(testing::Test::HasFailure() ? 1 : 0) != 0)
            break;
    }
    unrest = 0;
}

} // namespace
