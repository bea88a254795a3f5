// Ranks that wait: on a clock that stands still unless somebody waits or looks, so that what is measured
// hangs on no machine.

#include <cstddef>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "counting.hpp"
#include "driver/session.hpp"
#include "driver/worker.hpp"
#include "wire/transport.hpp"
#include "world.hpp"

namespace simulated {
namespace {

using mpimap::detail::endpoint;
using mpimap::detail::outgoing;
namespace wire = mpimap::detail::wire;

double seconds_of(const world& w) {
    return 1e-9 * static_cast<double>(w.nanoseconds());
}

constexpr seconds idle = 0.6;
/// One that looks all the time does so every two microseconds.
constexpr long few_looks = static_cast<long>(idle / 250e-6);
/// The longest sleep, and the ways of some messages.
constexpr seconds at_once = 1e-3;

struct waiting_worker {
    long looks = 0; // until it was sent something
    seconds woke_up_at = 0;
};

/// The root's program computes for so long, the pool's other ranks wait for it, and are then sent home.
std::vector<waiting_worker> ranks_that_wait(int size, seconds length) {
    world w(1, size);
    std::vector<waiting_worker> all(static_cast<std::size_t>(size));
    std::vector<std::unique_ptr<counting>> transports;
    for (int rank = 0; rank < size; ++rank)
        transports.push_back(std::make_unique<counting>(*w.at(rank).messages));
    w.start(0, [&] {
        w.pass(length);
        for (int rank = 1; rank < size; ++rank) {
            all[static_cast<std::size_t>(rank)].looks = transports[static_cast<std::size_t>(rank)]->looks;
            w.port_of(0).send(rank, wire::farewell{true}, outgoing());
        }
    });
    for (int rank = 1; rank < size; ++rank) {
        w.start(rank, [&, rank] {
            const auto i = static_cast<std::size_t>(rank);
            endpoint here = w.at(rank);
            here.messages = transports[i].get();
            mpimap::detail::worker(here, 0).run();
            all[i].woke_up_at = seconds_of(w);
        });
    }
    w.run(false);
    return all;
}

TEST(idle, workers_leave_their_core_to_others) {
    for (const int size : {2, 3, 8}) {
        const std::vector<waiting_worker> all = ranks_that_wait(size, idle);
        for (std::size_t i = 1; i < all.size(); ++i) {
            EXPECT_LT(all[i].looks, few_looks);
            EXPECT_GT(all[i].looks, 0);
        }
    }
}

TEST(idle, workers_wake_up_at_once) {
    for (const seconds length : {1e-4, 1e-3, 0.1, 10.0}) {
        for (const int size : {2, 3, 8}) {
            SCOPED_TRACE(length);
            const std::vector<waiting_worker> all = ranks_that_wait(size, length);
            for (std::size_t i = 1; i < all.size(); ++i) {
                EXPECT_GT(all[i].woke_up_at, length);
                EXPECT_LT(all[i].woke_up_at, length + at_once);
            }
        }
    }
}

TEST(idle, a_root_that_waits_leaves_its_core_to_others_and_wakes_up_at_once) {
    world w(1, 2);
    counting messages(*w.at(0).messages);
    seconds woke_up_at = 0;
    w.start(0, [&] {
        endpoint here = w.at(0);
        here.messages = &messages;
        mpimap::detail::session all(here);
        all.run_until([&] { return all.broken().has_value(); });
        woke_up_at = seconds_of(w);
        w.port_of(0).send(1, wire::farewell{true}, outgoing());
    });
    w.start(1, [&] {
        w.pass(idle);
        mpimap::detail::worker other(w.at(1), 0);
        other.break_down(mpimap::detail::failure());
        other.run();
    });
    w.run(false);
    EXPECT_LT(messages.looks, few_looks);
    EXPECT_GT(woke_up_at, idle);
    EXPECT_LT(woke_up_at, idle + at_once);
}

} // namespace
} // namespace simulated
