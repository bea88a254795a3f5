// A long item holds up nothing else. Here it is one that ends only when all others have been run, wherever it
// runs: what waits behind it, or for the rank that runs it, would never be.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "pool_test.hpp"
#include "shared_counter.hpp"

namespace mpimap_test {
namespace {

using mpimap::pool;
using mpimap::schedule;

/// One that Boost.Serialization sends: the engine must not encode it while the main thread is in an item.
struct with_serialize {
    int value = 0;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& value;
    }
};
int number(int x) {
    return x;
}
int number(const std::string& x) {
    return std::stoi(x);
}
int number(const with_serialize& x) {
    return x.value;
}

/// Items that say how many others must have run before they end, 0: none. True if these have, in time.
template <typename T>
bool run(const T& argument) {
    const int others = number(argument);
    if (!shared_counter::wait_for(others))
        return false;
    rest(1);
    if (others == 0)
        ++shared_counter::value();
    return true;
}

using arguments = std::vector<int>;
template <typename T>
using call = std::function<std::vector<bool>(pool&, const std::vector<T>&)>;

template <typename T>
struct named_call {
    std::string name;
    call<T> run;
};

template <typename T>
std::vector<named_call<T>> all_calls() {
    const auto f = &run<T>;
    const mpimap::options one_by_one{.schedule = schedule::dynamic, .chunk = 1};
    const mpimap::options by_fours{.schedule = schedule::dynamic, .chunk = 4};
    const auto as_they_come = [f](const mpimap::options& o) {
        return [=](pool& p, const std::vector<T>& xs) {
            std::vector<bool> all(xs.size());
            for (const auto& [i, good] : p.uimap(o, f, xs))
                all[i] = good;
            return all;
        };
    };
    return {
        {"map", [=](pool& p, const std::vector<T>& xs) { return p.map(f, xs); }},
        {"amap", [=](pool& p, const std::vector<T>& xs) { return p.amap(f, xs).get(); }},
        {"map in chunks of four", [=](pool& p, const std::vector<T>& xs) { return p.map(by_fours, f, xs); }},
        {"imap",
         [=](pool& p, const std::vector<T>& xs) {
             std::vector<bool> all;
             for (const bool good : p.imap(f, xs))
                 all.push_back(good);
             return all;
         }},
        {"uimap", as_they_come({})},
        {"uimap, one by one", as_they_come(one_by_one)},
        {"submit",
         [=](pool& p, const std::vector<T>& xs) {
             std::vector<mpimap::future<bool>> futures;
             futures.reserve(xs.size());
             for (const T& x : xs)
                 futures.push_back(p.submit(f, x));
             std::vector<bool> all;
             for (auto& one : futures)
                 all.push_back(one.get());
             return all;
         }},
    };
}

/// `gates`: where the long items are.
template <typename T, typename Make>
void expect_nothing_held_up(std::size_t n, const std::vector<std::size_t>& gates, const Make& make) {
    std::vector<T> xs;
    for (std::size_t i = 0; i < n; ++i) {
        const bool gate = std::find(gates.begin(), gates.end(), i) != gates.end();
        xs.push_back(make(gate ? static_cast<int>(n - gates.size()) : 0));
    }
    for (const named_call<T>& c : all_calls<T>()) {
        SCOPED_TRACE(c.name + ", long item at " + std::to_string(gates.front()) + " of " + std::to_string(n));
        const shared_counter counter;
        with_pool({.root = other_root()}, [&](pool& p) {
            const std::vector<bool> good = c.run(p, xs);
            EXPECT_EQ(good, std::vector<bool>(n, true));
        });
    }
}

TEST(long_items, hold_up_nothing_wherever_they_are) {
    if (size() == 1)
        return; // in order, one after the other
    for (const std::size_t gate : {0U, 5U, 17U, 39U})
        expect_nothing_held_up<int>(40, {gate}, [](int x) { return x; });
}

TEST(long_items, on_all_ranks_but_one_hold_up_nothing) {
    if (size() < 3)
        return;
    std::vector<std::size_t> gates;
    for (int i = 0; i + 1 < size(); ++i)
        gates.push_back(static_cast<std::size_t>(4 * i));
    // Not more than a lazy map reads before its first result.
    const std::size_t n = std::min<std::size_t>(60, 16 * static_cast<std::size_t>(size()));
    expect_nothing_held_up<int>(n, gates, [](int x) { return x; });
}

TEST(long_items, hold_up_no_arguments_that_the_main_thread_encodes) {
    if (size() == 1)
        return;
    for (const std::size_t gate : {0U, 7U})
        expect_nothing_held_up<with_serialize>(12, {gate}, [](int x) { return with_serialize{x}; });
    expect_nothing_held_up<std::string>(12, {3}, [](int x) { return std::to_string(x); });
}

TEST(long_items, hold_up_nothing_in_a_collective_call) {
    if (size() == 1)
        return;
    for (const std::size_t gate : {0U, 20U}) {
        SCOPED_TRACE(gate);
        arguments xs(40, 0);
        xs[gate] = 39;
        const shared_counter counter;
        expect_on_root(0, mpimap::mpi_map(comm(), &run<int>, xs), std::vector<bool>(xs.size(), true));
    }
}

// Where the root only manages, it is in no item itself.
TEST(long_items, elsewhere_hold_up_nothing_either) {
    if (size() < 3)
        return;
    arguments xs(40, 0);
    xs[2] = 39;
    const shared_counter counter;
    with_pool({.root_computes = false}, [&](pool& p) {
        std::size_t n = 0;
        for (const auto& [i, good] : p.uimap(&run<int>, xs)) {
            EXPECT_TRUE(good) << i;
            ++n;
        }
        EXPECT_EQ(n, xs.size());
    });
}

// What is given back is run once, elsewhere, and its attempts are remembered.
TEST(long_items, in_front_of_items_that_fail_at_first) {
    if (size() < 3)
        return;
    arguments xs(30, 0);
    xs[1] = 29;
    const shared_counter counter;
    const auto fails_at_first = [](const mpimap::task& t, int x) {
        if (t.index() % 5 == 3 && t.rank() % 2 == 0)
            throw std::runtime_error("not on an even rank");
        return run<int>(x);
    };
    with_pool([&](pool& p) {
        const std::vector<bool> good =
            p.map({.attempts = static_cast<std::size_t>(p.size())}, fails_at_first, xs);
        EXPECT_EQ(good, std::vector<bool>(xs.size(), true));
    });
    EXPECT_EQ(shared_counter::value(), 29); // once each
}

// Nor is a call of the caller's own memory sent behind another call's items, to be read when these have
// ended.
TEST(long_items, of_another_call_hold_up_no_call_with_large_arguments) {
    if (size() < 2)
        return;
    const shared_counter counter;
    with_pool([&](pool& p) {
        auto busy = p.amap(&run<int>, arguments(static_cast<std::size_t>(p.size()) - 1, 1));
        for (int i = 0; i < 10; ++i) {
            EXPECT_FALSE(busy.ready());
            rest(2);
        }
        const std::vector<double> constant(2'000'000, 1.0);
        const std::vector<std::vector<double>> xs(20, std::vector<double>(100'000, 1.0));
        const auto sizes = p.map(
            {.chunk = 2}, [](const auto& c, const auto& x) { return c.size() + x.size(); },
            mpimap::broadcast(constant), xs);
        EXPECT_EQ(sizes, std::vector<std::size_t>(xs.size(), 2'100'000));
        ++shared_counter::value(); // only now do they end
        for (const bool good : busy.get())
            EXPECT_TRUE(good);
    });
}

/// Cannot be sent.
struct never_encoded {
    template <typename Archive>
    void serialize(Archive&, unsigned) {
        throw std::runtime_error("not this one");
    }
};

// A call whose first argument could not be encoded has ended, though its future is there: the root goes on
// with what it can run, while all others are in items that wait for that.
TEST(long_items, elsewhere_and_a_call_that_has_failed) {
    if (size() < 2)
        return;
    const shared_counter counter;
    const auto run_by_root = [](const mpimap::task& t, int others) {
        if (t.rank() == 0) {
            ++shared_counter::value();
            return true;
        }
        return run<int>(others);
    };
    with_pool([&](pool& p) {
        const int others = p.size() - 1;
        const int items = 20 + others;
        auto busy = p.amap({.schedule = schedule::dynamic}, run_by_root,
                           arguments(static_cast<std::size_t>(items), items - others));
        auto fails = p.amap([](const never_encoded&) { return 0; }, std::vector<never_encoded>(5));
        for (const bool good : busy.get())
            EXPECT_TRUE(good);
        EXPECT_THROW((void)fails.get(), mpimap::map_error);
    });
}

} // namespace
} // namespace mpimap_test
