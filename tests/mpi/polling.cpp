// Programs that only ask: a loop over ready(), wait_for() of any time or pool::poll() ends, whoever can run
// the items.

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "pool_test.hpp"

namespace mpimap_test {
namespace {

using namespace std::chrono_literals;
using mpimap::pool;
using mpimap::schedule;

/// Asks until the answer is yes. That it comes at all is for the suite's time limit to say; what is asked too
/// often was asked in vain.
template <typename Ask>
void ask(const Ask& question) {
    while (!question())
        rest(1);
}

using times = std::vector<std::chrono::nanoseconds>;
const times all_times{-1h, -1ns, 0ns, 1ns, 100ns, 1us, 1ms};

template <typename Program>
void with_every_pool(const Program& program) {
    for (const bool root_computes : {true, false}) {
        SCOPED_TRACE(root_computes ? "the root computes" : "the root does not compute");
        with_pool_of_each_root({.root_computes = root_computes}, program);
    }
}

int twice(int x) {
    return 2 * x;
}
int slow_twice(int x) {
    rest(2);
    return twice(x);
}

TEST(polling, a_wait_of_no_time_looks) {
    with_every_pool([](pool& p) {
        for (const auto time : all_times) {
            SCOPED_TRACE(std::to_string(time.count()) + " ns");
            auto one = p.submit(slow_twice, 21);
            ask([&] { return one.wait_for(time); });
            EXPECT_EQ(one.get(), 42);
            auto some = p.amap(slow_twice, std::vector<int>{1, 2, 3});
            ask([&] { return some.wait_for(time); });
            EXPECT_EQ(some.get(), (std::vector<int>{2, 4, 6}));
        }
    });
}

TEST(polling, ready_comes_with_every_schedule) {
    // One root: that any rank may be it is tested with the other calls.
    for (const bool root_computes : {true, false}) {
        SCOPED_TRACE(root_computes ? "the root computes" : "the root does not compute");
        with_pool({.root = other_root(), .root_computes = root_computes}, [](pool& p) {
            const std::vector<int> xs = count_to(20);
            for_each_schedule(0, [&](const mpimap::options& o) {
                auto later = p.amap(o, slow_twice, xs);
                ask([&] { return later.ready(); });
                EXPECT_EQ(later.get(), serial(twice, xs));
            });
        });
    }
}

TEST(polling, ready_comes_where_only_the_root_is_left_to_try) {
    with_pool_of_each_root([](pool& p) {
        const auto fails_elsewhere = [root = p.rank()](const mpimap::task& t, int x) {
            if (x == 3 && t.rank() != root)
                throw std::runtime_error("not here");
            return x;
        };
        const std::vector<int> xs = count_to(10);
        const mpimap::options o{.attempts = static_cast<std::size_t>(p.size())};
        auto later = p.amap(o, fails_elsewhere, xs);
        ask([&] { return later.ready(); });
        EXPECT_EQ(later.get(), xs);
        // And where nobody is left.
        auto never = p.amap(
            o, [](int x) -> int { throw std::domain_error(std::to_string(x)); }, xs);
        ask([&] { return never.ready(); });
        EXPECT_GE(map_error_of([&] { (void)never.get(); }).failed(), 1U);
    });
}

TEST(polling, a_pool_can_be_asked_as_a_whole) {
    with_every_pool([](pool& p) {
        auto one = p.submit(slow_twice, 21);
        auto some = p.amap({.schedule = schedule::static_}, slow_twice, count_to(9));
        bool both = false;
        ask([&] {
            p.poll();
            both = one.ready() && some.ready();
            return both;
        });
        EXPECT_EQ(one.get(), 42);
        EXPECT_EQ(some.get().back(), 16);
    });
}

TEST(polling, several_calls_in_flight_all_end) {
    with_every_pool([](pool& p) {
        std::vector<mpimap::future<std::vector<int>>> all;
        for (int i = 0; i < 6; ++i) {
            const schedule s = i % 2 == 0 ? schedule::static_ : schedule::automatic;
            all.push_back(p.amap({.schedule = s}, slow_twice, count_to(5, i)));
        }
        for (std::size_t i = all.size(); i-- != 0;) // the newest first
            ask([&] { return all[i].wait_for(0s); });
        for (std::size_t i = 0; i < all.size(); ++i)
            EXPECT_EQ(all[i].get().front(), 2 * static_cast<int>(i));
    });
}

TEST(polling, runs_no_more_than_it_must_on_the_root) {
    with_pool_of_each_root([](pool& p) {
        if (p.size() == 1)
            return;
        const auto where = [](const mpimap::task& t, int) {
            rest(1);
            return t.rank();
        };
        auto later = p.amap({.schedule = schedule::dynamic}, where, count_to(20));
        ask([&] { return later.ready(); });
        for (const int rank : later.get())
            EXPECT_NE(rank, p.rank());
    });
}

/// Items that run while somebody asks leave nothing behind: the next call has the helper for itself.
TEST(polling, a_pool_is_left_after_items_that_ran_meanwhile) {
    struct left {};
    const int n = 50;
    try {
        pool p(comm());
        if (p) {
            auto later = p.amap({.schedule = schedule::static_}, slow_twice, count_to(n));
            ask([&] { return later.ready(); });
            throw left();
        }
    } catch (const left&) {
    }
    const std::vector<int> all = mpimap::mpi_map(comm(), {.schedule = schedule::static_}, twice, count_to(n));
    EXPECT_EQ(all.size(), rank() == 0 ? static_cast<std::size_t>(n) : 0);
}

TEST(polling, is_refused_where_it_makes_no_sense) {
    pool p(comm());
    if (!p) {
        EXPECT_THROW(p.poll(), mpimap::invalid_argument);
        return;
    }
    const std::string nested = text_of<mpimap::map_error>([&] {
        p.for_each({.schedule = schedule::static_}, mpimap::trust_bytes([at = &p](int) { at->poll(); }),
                   std::vector<int>(1, 0));
    });
    EXPECT_CONTAINS(nested, "nested_call");
    p.close();
    EXPECT_THROW(p.poll(), mpimap::invalid_argument);
}

} // namespace
} // namespace mpimap_test
