// What the root keeps of lazy maps and submissions while one item, or one future, holds out: counted in live
// objects and in allocated bytes.

#include <mpimap/mpimap.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <new>
#include <numeric>
#include <ranges>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <malloc.h>

#include "mpi_test.hpp"
#include "pool_test.hpp"
#include "shared_counter.hpp"

namespace {
std::atomic<long> allocated{0}; // bytes
}

void* operator new(std::size_t size) {
    void* const p = std::malloc(size);
    if (p == nullptr)
        throw std::bad_alloc();
    allocated += static_cast<long>(malloc_usable_size(p));
    return p;
}
void operator delete(void* p) noexcept {
    if (p != nullptr)
        allocated -= static_cast<long>(malloc_usable_size(p));
    std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
    operator delete(p);
}

using namespace mpimap_test;
using mpimap::pool;
using mpimap::schedule;

namespace {

/// Counts those of this process, and how many there were at most.
class counted {
  public:
    counted() { count(1); }
    explicit counted(int x) : value(x) { count(1); }
    counted(const counted& other) : value(other.value) { count(1); }
    counted& operator=(const counted&) = default;
    ~counted() { count(-1); }
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& value;
    }
    int value = 0;
    static inline long live = 0;
    static inline long most = 0;

  private:
    static void count(long n) {
        live += n;
        most = std::max(most, live);
    }
};

/// An item that does not end before it is told to, except on the root, which does the telling.
void hold_out(const mpimap::task& t, int root, std::size_t which = 0) {
    if (t.index() == which && t.rank() != root) {
        EXPECT_TRUE(shared_counter::wait_for(1));
    }
}
void go_on() {
    shared_counter::value() = 1;
}

/// For a loop: results until so many have been taken, then the item that holds out may end.
template <typename View, typename Look>
void take_most(View&& view, int most, const Look& look) {
    int taken = 0;
    for (auto& r : view) {
        look(r);
        if (++taken == most)
            go_on();
        if (taken == most + 500)
            break;
    }
    EXPECT_EQ(taken, most + 500);
}

/// A pool of each root, one after the other, and something to hold an item with.
template <typename Program>
void with_stuck_item(const mpimap::pool_options& o, const Program& program) {
    for (const int root : {0, other_root()}) {
        const shared_counter counter;
        mpimap::pool_options mine = o;
        mine.root = root;
        with_pool(mine, program);
    }
}

mpimap::options one_by_one() {
    return {.schedule = schedule::dynamic, .chunk = 1};
}

TEST(lazy_memory, of_uimap_is_bounded_while_an_item_holds_out) {
    with_stuck_item({.window = 60}, [](pool& p) {
        const auto f = [root = p.rank()](mpimap::task t, const counted& x) {
            hold_out(t, root);
            return x;
        };
        const long before = counted::live;
        counted::most = before;
        const auto source = std::views::iota(0) | std::views::transform([](int i) { return counted(i); });
        take_most(p.uimap(one_by_one(), f, source), 6000,
                  [](const auto& r) { EXPECT_EQ(r.value.value, static_cast<int>(r.index)); });
        EXPECT_LE(counted::most - before, 60 + 256 + 60);
        expect_usable(p); // takes in what was under way
        EXPECT_EQ(counted::live, before);
    });
}

TEST(lazy_memory, of_imap_is_bounded_while_an_item_holds_out) {
    with_stuck_item({.window = 300}, [](pool& p) {
        // Not the first item, before whose result little is read.
        constexpr int stuck = 1000;
        const auto f = [root = p.rank()](mpimap::task t, const counted& x) {
            hold_out(t, root, stuck);
            return x;
        };
        const long before = counted::live;
        counted::most = before;
        int next = 0;
        const auto source = std::views::iota(0, 5000) | std::views::transform([](int i) {
                                if (i == stuck + 250) // most of a window
                                    go_on();
                                return counted(i);
                            });
        for (const counted& c : p.imap(one_by_one(), f, source))
            EXPECT_EQ(c.value, next++);
        EXPECT_EQ(next, 5000);
        EXPECT_LE(counted::most - before, 300 + 256 + 60);
        expect_usable(p);
        EXPECT_EQ(counted::live, before);
    });
}

TEST(lazy_memory, of_texts_is_given_back_whole) {
    with_stuck_item({.window = 100}, [](pool& p) {
        const auto f = [root = p.rank()](mpimap::task t, const std::string& x) {
            hold_out(t, root);
            return x + "!";
        };
        const auto source =
            std::views::iota(0) | std::views::transform([](int i) { return std::string(5000, "ab"[i % 2]); });
        const long before = allocated;
        long most = 0;
        take_most(p.uimap(one_by_one(), f, source), 4000, [&](const auto& r) {
            EXPECT_EQ(r.value.size(), 5001U);
            most = std::max(most, allocated - before);
        });
        EXPECT_LE(most, (2 * 100 + 256 + 100) * 5200L + 1'000'000); // of 20 MB
    });
}

TEST(lazy_memory, of_arguments_that_are_sent_from_where_they_are_is_bounded) {
    with_stuck_item({.window = 20}, [](pool& p) {
        const auto f = [root = p.rank()](mpimap::task t, const std::vector<double>& x) {
            hold_out(t, root);
            return x.back();
        };
        const auto source =
            std::views::iota(0) | std::views::transform([](int i) { return std::vector<double>(20'000, i); });
        const long before = allocated;
        long most = 0;
        take_most(p.uimap(one_by_one(), f, source), 1500, [&](const auto& r) {
            EXPECT_EQ(r.value, static_cast<double>(r.index));
            most = std::max(most, allocated - before);
        });
        EXPECT_LE(most, 3 * 20 * 160'000L + 1'000'000); // of 240 MB
        expect_usable(p);
    });
}

TEST(lazy_memory, counts_bytes_when_small_items_come_before_large_ones) {
    for (const int root : {0, other_root()}) {
        with_pool({.root = root}, [](pool& p) {
            const auto text = [](int i) {
                return std::string(i < 3000 ? std::size_t{20} : std::size_t{1024} * 1024, 'x');
            };
            const auto source = std::views::iota(0, 3250) | std::views::transform(text);
            const long before = allocated;
            long most = 0;
            int taken = 0;
            for (const std::size_t n : p.imap([](const std::string& s) { return s.size(); }, source)) {
                EXPECT_EQ(n, text(taken++).size());
                most = std::max(most, allocated - before);
            }
            EXPECT_EQ(taken, 3250);
            EXPECT_LE(most, 110L * 1024 * 1024); // of 250 MiB
        });
    }
}

std::string small_or_large(std::size_t i) {
    return std::string(i < 3000 ? std::size_t{20} : std::size_t{256} * 1024, 'x');
}
/// Of 500 MiB: all items are read while they are small. A window, and what the ranks have in hand before it
/// is known what they become.
template <typename Grow>
void expect_window(pool& p, const Grow& grow) {
    const long before = allocated;
    long most = 0;
    std::size_t taken = 0;
    for (const std::string& s : p.imap({.chunk = 1}, grow, mpimap::indices(5000))) {
        EXPECT_EQ(s.size(), small_or_large(taken++).size());
        most = std::max(most, allocated - before);
    }
    EXPECT_EQ(taken, 5000U);
    EXPECT_LE(most, 100L * 1024 * 1024);
}

TEST(lazy_memory, counts_results_when_small_ones_come_before_large_ones) {
    with_pool([](pool& p) {
        expect_window(p, [](std::size_t i) {
            if (i == 3000) // those behind it could all be there meanwhile
                std::this_thread::sleep_for(std::chrono::milliseconds(500));
            return small_or_large(i);
        });
    });
}

/// While the root is in an item of its own the others go on, and what comes lies there though nobody looks at
/// it.
TEST(lazy_memory, counts_results_that_come_while_the_root_runs_an_item) {
    for (const int root : {0, other_root()}) {
        with_pool({.root = root}, [root](pool& p) {
            expect_window(p, [root, slept = false](const mpimap::task& t, std::size_t i) mutable {
                if (i >= 3000 && t.rank() == root && !std::exchange(slept, true))
                    std::this_thread::sleep_for(std::chrono::milliseconds(700));
                return small_or_large(i);
            });
        });
    }
}

/// Nobody takes results while the pool waits for all that it has: what was held back for want of room runs,
/// too.
TEST(lazy_memory, holds_nothing_back_where_the_pool_waits_for_all) {
    with_pool([](pool& p) {
        const auto grow = [](std::size_t i) {
            return std::string(i < 2000 ? std::size_t{20} : std::size_t{256} * 1024, 'x');
        };
        auto results = p.imap({.chunk = 1}, grow, mpimap::indices(2600));
        auto at = results.begin();
        for (int taken = 0; taken != 1990; ++taken)
            ++at;
        const auto one = [](mpimap::finishing) { return 1; };
        EXPECT_EQ(p.finish(one).size(), static_cast<std::size_t>(p.size()));
        std::size_t left = 0;
        for (; at != results.end(); ++at)
            ++left;
        EXPECT_EQ(left, 610U);
    });
}

TEST(lazy_memory, of_a_billion_points_of_a_grid_is_bounded) {
    for (const int root : {0, other_root()}) {
        with_pool({.root = root}, [](pool& p) {
            std::vector<double> axis(1000);
            std::iota(axis.begin(), axis.end(), 0.0);
            const auto place = [](double x, double y, double z) { return 1e6 * x + 1e3 * y + z; };
            const auto points = mpimap::grid(axis, axis, axis);
            EXPECT_EQ(mpimap::grid_shape(points).size(), 1'000'000'000U);
            const long before = allocated;
            long most = 0;
            constexpr std::size_t enough = 5000;
            std::size_t taken = 0;
            for (const double at : p.imap(place, points)) {
                EXPECT_EQ(at, static_cast<double>(taken));
                most = std::max(most, allocated - before);
                if (++taken == enough)
                    break;
            }
            EXPECT_EQ(taken, enough);
            for (const auto& [i, at] : p.uimap(place, points)) {
                EXPECT_EQ(at, static_cast<double>(i));
                most = std::max(most, allocated - before);
                if (++taken == 2 * enough)
                    break;
            }
            EXPECT_EQ(taken, 2 * enough);
            EXPECT_LE(most, 16L * 1024 * 1024); // of 8 GB of results
            expect_usable(p);
        });
    }
}

TEST(lazy_memory, of_results_that_fill_the_window_alone_leaves_no_rank_idle) {
    if (size() < 3)
        GTEST_SKIP() << "needs two ranks beside the root";
    with_stuck_item({.root_computes = false}, [](pool& p) {
        const auto large = [](std::size_t i) {
            if (i == 6 || i == 7) { // one waits for the other
                ++shared_counter::value();
                EXPECT_TRUE(shared_counter::wait_for(2));
            }
            return std::string(std::size_t{40} * 1024 * 1024, 'x');
        };
        std::size_t taken = 0;
        for (const std::string& s : p.imap(one_by_one(), large, mpimap::indices(10))) {
            EXPECT_EQ(s.size(), std::size_t{40} * 1024 * 1024);
            ++taken;
        }
        EXPECT_EQ(taken, 10U);
    });
}

TEST(lazy_memory, of_submissions_does_not_wait_for_a_future_that_nobody_asks) {
    for (const int root : {0, other_root()}) {
        with_pool({.root = root}, [](pool& p) {
            const auto f = [](const counted& x) { return x; };
            const long before = counted::live;
            counted::most = before;
            auto never_asked = p.submit(f, counted(-1));
            std::deque<mpimap::future<counted>> in_flight;
            for (int i = 0; i < 8000; ++i) {
                in_flight.push_back(p.submit(f, counted(i)));
                if (in_flight.size() == 50) {
                    EXPECT_EQ(in_flight.front().get().value, i - 49);
                    in_flight.pop_front();
                }
            }
            EXPECT_LE(counted::most - before, 2 * 50 + 20);
            // Nor do those that are dropped leave anything behind.
            in_flight.clear();
            for (int i = 0; i < 3000; ++i)
                (void)p.submit(f, counted(i));
            expect_usable(p);
            EXPECT_EQ(never_asked.get().value, -1);
        });
        EXPECT_EQ(counted::live, 0);
    }
}

TEST(lazy_memory, of_submissions_is_given_back_in_blocks_anywhere) {
    with_pool({.root = other_root()}, [](pool& p) {
        const auto f = [](const std::string& x) { return x; };
        auto never_asked = p.submit(f, std::string("first"));
        (void)p.submit(f, std::string(1000, 'x')).get();
        const long before = allocated;
        constexpr int n = 30'000;
        for (int i = 0; i < n / 50; ++i) {
            std::vector<mpimap::future<std::string>> some;
            for (int k = 0; k < 50; ++k)
                some.push_back(p.submit(f, std::string(1000, 'x')));
            for (auto& one : some)
                EXPECT_EQ(one.get().size(), 1000U);
        }
        EXPECT_LE(allocated - before, n * 4); // of 60 bytes each and more
        EXPECT_EQ(never_asked.get(), "first");
    });
}

TEST(lazy_memory, arguments_go_when_their_results_have_come) {
    with_pool_of_each_root([](pool& p) {
        counted::live = 0;
        std::vector<mpimap::future<int>> all;
        for (int i = 0; i < 700; ++i)
            all.push_back(p.submit([](const counted& x) { return x.value; }, counted(i)));
        for (auto& one : all)
            one.wait();
        EXPECT_EQ(counted::live, 0);
        for (int i = 0; i < 700; ++i)
            EXPECT_EQ(all[static_cast<std::size_t>(i)].get(), i);
    });
}

TEST(lazy_memory, what_has_no_default_constructor_goes_too) {
    with_pool_of_each_root([](pool& p) {
        using pair = std::pair<const int, std::string>; // nor can it be assigned
        const long before = allocated;
        std::vector<mpimap::future<std::size_t>> all;
        for (int i = 0; i < 300; ++i)
            all.push_back(
                p.submit([](const pair& x) { return x.second.size(); }, pair(i, std::string(20'000, 'x'))));
        for (auto& one : all)
            one.wait();
        EXPECT_LE(allocated - before, 1'500'000); // of 6 MB
        for (auto& one : all)
            EXPECT_EQ(one.get(), 20'000U);
    });
}

} // namespace
