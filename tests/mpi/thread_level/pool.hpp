#pragma once

// All kinds of calls of a pool, whatever the thread level.

#include <chrono>
#include <cstddef>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <mpimap/mpimap.hpp>

#include "check.hpp"

/// Opens a pool on the world with that root and makes every kind of call, with items `negate` that give -x.
/// Collective.
template <typename Negate>
void use_pool(checks& check, int root, const Negate& negate) {
    for (const bool root_computes : {true, false}) {
        mpimap::pool pool(MPI_COMM_WORLD, {.root = root, .root_computes = root_computes});
        if (!pool)
            continue;
        std::vector<int> xs(40);
        std::iota(xs.begin(), xs.end(), 0);
        std::vector<int> serial;
        for (const int x : xs)
            serial.push_back(-x);

        for (const mpimap::schedule s : {mpimap::schedule::automatic, mpimap::schedule::static_,
                                         mpimap::schedule::dynamic, mpimap::schedule::guided})
            check.that(pool.map({.schedule = s}, negate, xs) == serial, "a map of a pool");

        auto whole = pool.amap(negate, xs);
        auto tables = pool.amap(
            [](std::vector<double> v) {
                v.push_back(static_cast<double>(v.size()));
                return v;
            },
            std::vector<std::vector<double>>(12, std::vector<double>(100'000, 0.5)));
        std::vector<mpimap::future<int>> single;
        for (const int x : xs)
            single.push_back(pool.submit(negate, x));

        // Lazy maps while the others are in flight.
        std::vector<int> got;
        for (const int y : pool.imap({.chunk = 1}, negate, xs))
            got.push_back(y);
        check.that(got == serial, "an imap");
        std::vector<int> by_index(xs.size(), 1);
        for (const auto& [i, y] : pool.uimap(negate, xs))
            by_index.at(i) = y;
        check.that(by_index == serial, "a uimap");

        check.that(whole.get() == serial, "an amap");
        for (std::size_t i = 0; i < single.size(); ++i)
            check.that(single[i].get() == serial[i], "a submission");
        std::vector<double> table(100'000, 0.5);
        table.push_back(100'000);
        check.that(tables.get() == std::vector<std::vector<double>>(12, table), "large results of an amap");
        check.that(pool.map_reduce(std::plus<>(), 5, negate, xs) == 5 - 20 * 39, "a map_reduce");

        const auto fails = [](int x) {
            if (x == 17)
                throw std::runtime_error("item " + std::to_string(x));
            return x;
        };
        const auto is_told = [&check](const auto& call) {
            try {
                call();
                check.that(false, "an item that throws is an exception");
            } catch (const mpimap::map_error& e) {
                check.that(e.failed() == 1 && e.errors().at(0).index() == 17 &&
                               std::string(e.errors().at(0).what()) == "item 17",
                           "the error says which item and why");
            }
        };
        is_told([&] { (void)pool.map(fails, xs); });
        is_told([&] { (void)pool.amap(fails, xs).get(); });
        is_told([&] {
            for ([[maybe_unused]] const int y : pool.imap(fails, xs)) {
            }
        });
        try {
            (void)pool.submit(fails, 17).get();
            check.that(false, "a submission that throws is an exception");
        } catch (const std::runtime_error& e) {
            check.that(std::string(e.what()) == "item 17", "a submission throws what it threw");
        }

        auto cancelled = pool.amap({.chunk = 1}, negate, std::vector<int>(2000, 1));
        cancelled.cancel();
        try {
            (void)cancelled.get();
            check.that(false, "a call that was cancelled is an exception");
        } catch (const mpimap::cancelled&) {
        }
        check.that(pool.map(negate, xs) == serial, "the next map of a pool");
        auto left = pool.amap(negate, xs); // in flight when the pool is closed
        pool.close();
        check.that(left.get() == serial, "an amap that was in flight when the pool was closed");
    }
    const int sum = mpimap::mpi_map_reduce(MPI_COMM_WORLD, {.root = root}, std::plus<>(), 0, negate,
                                           std::vector<int>{1, 2, 3});
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    check.that(sum == (rank == root ? -6 : 0), "the collective call behind a pool");
}
