#pragma once

// What the suites of pools share. A test body is collective: with_pool opens a pool on every rank, the root
// alone runs the program, the others go on behind it when the root has closed the pool.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <numeric>
#include <ranges>
#include <thread>
#include <utility>
#include <vector>

#include <mpimap/mpimap.hpp>

#include "mpi_test.hpp"

namespace mpimap_test {

/// Runs `program(pool)` on the root, where gtest's ASSERTs are harmless, too. What it throws is a failure.
template <typename Program>
void with_pool(mpimap::pool_options o, const Program& program) {
    mpimap::pool pool(comm(), std::move(o));
    try {
        if (pool)
            program(pool);
    } catch (const std::exception& e) {
        ADD_FAILURE() << "the program throws: " << e.what();
    }
}
template <typename Program>
void with_pool(const Program& program) {
    with_pool({}, program);
}

/// The same with each rank as root, one pool after another.
template <typename Program>
void with_pool_of_each_root(mpimap::pool_options o, const Program& program) {
    for_each_root([&](int root) {
        o.root = root;
        with_pool(o, program);
    });
}
template <typename Program>
void with_pool_of_each_root(const Program& program) {
    with_pool_of_each_root({}, program);
}

/// Items that this process has run: what items that are to be counted add to.
inline std::atomic<long> runs{0};

/// How many such items run on all ranks together from a pool's construction to its end. Collective.
template <typename Program>
long runs_in_pool(mpimap::pool_options o, const Program& program) {
    runs = 0;
    with_pool(std::move(o), program);
    return sum_over_ranks(runs);
}

/// A call on a pool that must work, whatever came before. On the root.
inline void expect_usable(mpimap::pool& pool) {
    SCOPED_TRACE("the next call of the pool");
    try {
        const std::vector<int> xs{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
        const std::vector<int> got = pool.map([](int i) { return 3 * i; }, xs);
        EXPECT_EQ(got, (std::vector<int>{0, 3, 6, 9, 12, 15, 18, 21, 24, 27}));
    } catch (const std::exception& e) {
        ADD_FAILURE() << e.what();
    }
}

inline std::vector<int> count_to(std::size_t n, int first = 0) {
    std::vector<int> all(n);
    std::iota(all.begin(), all.end(), first);
    return all;
}

/// f of each element, here.
template <typename F, typename T>
auto serial(const F& f, const std::vector<T>& xs) {
    std::vector<std::decay_t<decltype(f(xs.front()))>> all;
    all.reserve(xs.size());
    for (const T& x : xs)
        all.push_back(f(x));
    return all;
}

/// What a lazy map gives, in the order in which it does.
template <typename View>
auto all_of(View&& view) {
    std::vector<std::ranges::range_value_t<View>> all;
    for (auto& value : view)
        all.push_back(std::move(value));
    return all;
}

inline void rest(int milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

/// What a call throws; a failed test when it throws nothing or another.
template <typename Exception, typename Call>
Exception error_of(const Call& call, Exception none) {
    try {
        call();
        ADD_FAILURE() << "no exception";
    } catch (const Exception& e) {
        return e;
    } catch (const std::exception& e) {
        ADD_FAILURE() << "another exception: " << e.what();
    }
    return none;
}
template <typename Call>
mpimap::map_error map_error_of(const Call& call) {
    return error_of(call, mpimap::map_error({}, 0, 0));
}

} // namespace mpimap_test
