// pool::amap and pool::submit: futures of what is in flight; and stopping a call from outside.

#include <mpimap/mpimap.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>

#include "mpi_test.hpp"
#include "pool_test.hpp"
#include "shared_counter.hpp"

using namespace mpimap_test;
using mpimap::pool;
using mpimap::schedule;
using namespace std::chrono_literals;

namespace {

int twice(int x) {
    return 2 * x;
}
int divide(int x, int y) {
    if (y == 0)
        throw std::domain_error("division by zero");
    return x / y;
}
int slow_twice(int x) {
    rest(2);
    return 2 * x;
}

/// Ends when it is told to; on the root, which does the telling, in longer than a short wait.
int twice_when_told(const mpimap::task& t, int x, int root) {
    if (t.rank() == root) {
        rest(5);
    } else {
        EXPECT_TRUE(shared_counter::wait_for(1));
    }
    return 2 * x;
}

static_assert(std::is_nothrow_move_constructible_v<mpimap::future<int>>);

// ---------------------------------------------------------------- amap

TEST(amap, equals_map) {
    with_pool_of_each_root([](pool& p) {
        for_each_schedule(0, [&](const mpimap::options& o) {
            for (const std::size_t n : {0UL, 1UL, 40UL, 257UL}) {
                const std::vector<int> xs = count_to(n);
                EXPECT_EQ(p.amap(o, twice, xs).get(), serial(twice, xs));
                EXPECT_EQ(p.amap(o, twice, count_to(n)).get(), serial(twice, xs)); // taken over
            }
        });
        auto later = p.amap([](int x, std::size_t i, double f) { return x * f + static_cast<double>(i); },
                            count_to(4), mpimap::indices(), mpimap::broadcast(0.5));
        EXPECT_EQ(later.get(), (std::vector<double>{0, 1.5, 3, 4.5}));
    });
}

TEST(amap, several_are_in_flight) {
    with_pool_of_each_root([](pool& p) {
        std::vector<mpimap::future<std::vector<int>>> all;
        for (int i = 0; i < 20; ++i) {
            const auto add = [i](int x) { return x + i; };
            all.push_back(p.amap({.schedule = i % 2 == 0 ? schedule::automatic : schedule::static_}, add,
                                 count_to(50)));
        }
        expect_usable(p);             // a whole map between them
        for (int i = 19; i >= 0; --i) // in another order
            EXPECT_EQ(all[static_cast<std::size_t>(i)].get(), count_to(50, i));
    });
}

TEST(amap, is_ready_after_a_while_without_anyone_waiting) {
    with_pool_of_each_root([](pool& p) {
        auto later = p.amap(slow_twice, count_to(10));
        EXPECT_TRUE(later.valid());
        if (p.size() > 1) {
            // Others run all of it while the root polls.
            while (!later.ready())
                rest(1);
        } else {
            EXPECT_FALSE(later.ready()); // runs no items
            later.wait();
        }
        EXPECT_TRUE(later.ready());
        EXPECT_TRUE(later.wait_for(0s));
        EXPECT_TRUE(later.valid());
        EXPECT_EQ(later.get(), serial(twice, count_to(10)));
        EXPECT_FALSE(later.valid());
    });
}

TEST(amap, gives_its_value_once) {
    with_pool([](pool& p) {
        auto later = p.amap(twice, count_to(3));
        (void)later.get();
        const auto refused = [](const auto& call) {
            EXPECT_CONTAINS(text_of<mpimap::invalid_argument>(call), "future");
        };
        refused([&] { (void)later.get(); });
        refused([&] { later.wait(); });
        refused([&] { (void)later.ready(); });
        refused([&] { (void)later.wait_for(1ms); });
        const mpimap::future<int> none;
        EXPECT_FALSE(none.valid());
        refused([&] { none.wait(); });
        auto a = p.amap(twice, count_to(3));
        auto b = std::move(a);
        EXPECT_EQ(b.get(), serial(twice, count_to(3)));
    });
}

TEST(amap, waits_for_a_while) {
    const shared_counter counter;
    with_pool_of_each_root({.root_computes = false}, [](pool& p) {
        shared_counter::value() = 0;
        const auto later =
            p.amap({.chunk = 1}, twice_when_told, count_to(static_cast<std::size_t>(5 * p.size())),
                   mpimap::broadcast(p.rank()));
        EXPECT_FALSE(later.wait_for(1ms)); // alone, the root runs one of the items meanwhile
        shared_counter::value() = 1;
        EXPECT_TRUE(later.wait_for(10min));
        EXPECT_TRUE(later.wait_for(std::chrono::hours::max()));
        EXPECT_TRUE(later.ready());
    });
}

TEST(amap, throws_what_the_call_throws) {
    with_pool_of_each_root([](pool& p) {
        auto later = p.amap(divide, std::vector<int>{1, 1, 1, 1}, std::vector<int>{2, 3, 0, 5});
        later.wait();
        EXPECT_TRUE(later.ready());
        const mpimap::map_error e = map_error_of([&] { (void)later.get(); });
        ASSERT_EQ(e.errors().size(), 1U);
        EXPECT_EQ(e.errors()[0].index(), 2U);
        EXPECT_EQ(e.errors()[0].type(), "std::domain_error");
        EXPECT_EQ(e.items(), 4U);
        EXPECT_FALSE(later.valid());
        expect_usable(p);
    });
}

TEST(amap, is_cancelled) {
    with_pool_of_each_root([](pool& p) {
        auto later = p.amap(
            {.chunk = 1},
            [](int x) {
                rest(5);
                return x;
            },
            count_to(2000));
        later.cancel();
        later.cancel();
        EXPECT_CONTAINS(text_of<mpimap::cancelled>([&] { (void)later.get(); }), "cancelled");
        expect_usable(p);
        // What has its value keeps it.
        auto done = p.amap(twice, count_to(20));
        done.wait();
        done.cancel();
        EXPECT_EQ(done.get(), serial(twice, count_to(20)));
    });
}

TEST(amap, takes_and_gives_large_and_move_only_values) {
    with_pool_of_each_root([](pool& p) {
        using block = std::unique_ptr<std::vector<double>>;
        std::vector<mpimap::future<std::vector<block>>> all;
        for (int i = 0; i < 3; ++i) {
            std::vector<block> blocks;
            for (int k = 0; k < 2 * p.size(); ++k)
                blocks.push_back(std::make_unique<std::vector<double>>(50'000, i));
            all.push_back(p.amap(
                [](const block& b) {
                    return std::make_unique<std::vector<double>>(b->size(), b->back() + 1);
                },
                std::move(blocks)));
        }
        for (int i = 0; i < 3; ++i) {
            for (const block& b : all[static_cast<std::size_t>(i)].get())
                EXPECT_EQ(*b, std::vector<double>(50'000, i + 1));
        }
    });
}

// ---------------------------------------------------------------- submit

TEST(submit, gives_the_result_of_one_call) {
    with_pool_of_each_root([](pool& p) {
        EXPECT_EQ(p.submit(twice, 21).get(), 42);
        EXPECT_EQ(p.submit(divide, 7, 2).get(), 3);
        EXPECT_EQ(p.submit([] { return std::string("no arguments"); }).get(), "no arguments");
        EXPECT_EQ(p.submit([](const std::string& s, double x) { return s + std::to_string(x); },
                           std::string("x = "), 2.0)
                      .get(),
                  "x = 2.000000");
        const double factor = 2.5;
        EXPECT_EQ(p.submit([factor](double x) { return factor * x; }, 2.0).get(), 5.0);
        EXPECT_EQ(p.submit(mpimap::bind_back(divide, 4), 20).get(), 5);
        auto nothing = p.submit([](int) {}, 3);
        nothing.get();
        EXPECT_FALSE(nothing.valid());
        const int where = p.submit([](mpimap::task t) { return t.rank(); }).get();
        EXPECT_TRUE(where >= 0 && where < p.size());
    });
}

TEST(submit, many_are_in_flight) {
    with_pool_of_each_root([](pool& p) {
        std::vector<mpimap::future<int>> all;
        for (int i = 0; i < 2000; ++i)
            all.push_back(i % 2 == 0 ? p.submit(twice, i) : p.submit([i](int x) { return x + i; }, i));
        expect_usable(p);
        for (int i = 1999; i >= 0; --i)
            EXPECT_EQ(all[static_cast<std::size_t>(i)].get(), 2 * i);
    });
}

TEST(submit, very_many_are_in_flight) {
    constexpr int n = 20'000;
    for (const int root : {0, size() - 1}) {
        with_pool({.root = root}, [](pool& p) {
            std::vector<mpimap::future<int>> all;
            all.reserve(n);
            for (int i = 0; i < n; ++i)
                all.push_back(p.submit(twice, i));
            int wrong = 0;
            for (int i = 0; i < n; ++i)
                wrong += all[static_cast<std::size_t>(i)].get() == 2 * i ? 0 : 1;
            EXPECT_EQ(wrong, 0);
        });
    }
}

TEST(submit, copies_its_arguments) {
    with_pool([](pool& p) {
        std::vector<mpimap::future<double>> all;
        for (int i = 0; i < 8; ++i) {
            std::vector<double> block(10'000, i);
            all.push_back(p.submit([](const std::vector<double>& b) { return b.back(); }, block));
            block.assign(10'000, -1);
        }
        for (int i = 0; i < 8; ++i)
            EXPECT_EQ(all[static_cast<std::size_t>(i)].get(), i);
    });
}

TEST(submit, throws_the_items_own_exception) {
    with_pool_of_each_root([](pool& p) {
        auto later = p.submit(divide, 1, 0);
        EXPECT_CONTAINS(text_of<std::domain_error>([&] { (void)later.get(); }), "division by zero");
        struct own {};
        auto other = p.submit([](int) -> int { throw own(); }, 1);
        EXPECT_CONTAINS(text_of<mpimap::remote_error>([&] { (void)other.get(); }), "own");
        EXPECT_EQ(p.submit(divide, 9, 3).get(), 3); // others of the same function
        expect_usable(p);
    });
}

TEST(submit, a_pending_one_is_cancelled_and_a_running_one_is_not) {
    with_pool_of_each_root([](pool& p) {
        std::vector<mpimap::future<int>> all;
        for (int i = 0; i < 200; ++i)
            all.push_back(p.submit(slow_twice, i));
        for (int i = 100; i < 200; ++i)
            all[static_cast<std::size_t>(i)].cancel();
        int cancelled = 0;
        for (int i = 0; i < 200; ++i) {
            try {
                EXPECT_EQ(all[static_cast<std::size_t>(i)].get(), 2 * i);
            } catch (const mpimap::cancelled&) {
                EXPECT_GE(i, 100);
                ++cancelled;
            }
        }
        EXPECT_GT(cancelled, 0);
        expect_usable(p);
    });
}

TEST(submit, changed_functions_are_told_apart) {
    struct scaled {
        std::vector<double> factors;
        double operator()(double x) const { return x * factors.back(); }
    };
    with_pool_of_each_root([](pool& p) {
        scaled f{{1.0}};
        std::vector<mpimap::future<double>> all;
        for (int i = 0; i < 40; ++i) {
            f.factors.back() = i % 5;
            all.push_back(p.submit(f, 2.0));
        }
        for (int i = 0; i < 40; ++i)
            EXPECT_EQ(all[static_cast<std::size_t>(i)].get(), 2.0 * (i % 5));
        // A function that changes itself starts from the caller's object each time.
        const auto counting = [n = 0]() mutable { return ++n; };
        for (int i = 0; i < 10; ++i)
            EXPECT_EQ(p.submit(counting).get(), 1);
    });
}

TEST(submit, futures_that_are_dropped_run) {
    for_each_root([](int root) {
        const auto counts = [](int x) {
            ++runs;
            return x;
        };
        const long ran = runs_in_pool({.root = root}, [&](pool& p) {
            for (int i = 0; i < 100; ++i)
                (void)p.submit(counts, i);
            expect_usable(p);
            (void)p.submit(divide, 1, 0);
            expect_usable(p);
            (void)p.submit(counts, 100); // just before the end
        });
        EXPECT_EQ(ran, 101);
    });
}

TEST(submit, is_ready_after_a_while_without_anyone_waiting) {
    with_pool_of_each_root([](pool& p) {
        auto one = p.submit(slow_twice, 21);
        EXPECT_TRUE(one.valid());
        // Another rank runs it while the root polls, the root itself where there is none.
        while (!one.ready())
            rest(1);
        EXPECT_TRUE(one.ready());
        EXPECT_TRUE(one.wait_for(0s));
        one.wait();
        EXPECT_TRUE(one.valid());
        EXPECT_EQ(one.get(), 42);
        EXPECT_FALSE(one.valid());
    });
}

TEST(submit, waits_for_a_while) {
    const shared_counter counter;
    with_pool_of_each_root({.root_computes = false}, [](pool& p) {
        shared_counter::value() = 0;
        std::vector<mpimap::future<int>> all;
        for (int i = 0; i < 3 * p.size(); ++i)
            all.push_back(p.submit(twice_when_told, i, p.rank()));
        EXPECT_FALSE(all.back().wait_for(1ms)); // alone, the root runs the first one meanwhile
        shared_counter::value() = 1;
        EXPECT_TRUE(all.back().wait_for(10min));
        EXPECT_TRUE(all.back().ready());
        for (int i = 0; i < 3 * p.size(); ++i)
            EXPECT_EQ(all[static_cast<std::size_t>(i)].get(), 2 * i);
    });
}

TEST(futures, outlive_the_close_of_their_pool) {
    for_each_root([](int root) {
        mpimap::future<std::vector<int>> whole;
        mpimap::future<int> one;
        mpimap::future<int> failed;
        {
            pool p(comm(), {.root = root});
            if (p) {
                whole = p.amap(slow_twice, count_to(30));
                one = p.submit(slow_twice, 4);
                failed = p.submit(divide, 1, 0);
            }
        }
        if (rank() == root) {
            EXPECT_TRUE(whole.ready());
            EXPECT_TRUE(one.wait_for(0s));
            EXPECT_EQ(whole.get(), serial(twice, count_to(30)));
            EXPECT_EQ(one.get(), 8);
            EXPECT_THROW((void)failed.get(), std::domain_error);
        }
        expect_next_call_works(root);
    });
}

// ---------------------------------------------------------------- stop

TEST(stop, ends_calls_of_a_pool) {
    with_pool_of_each_root([](pool& p) {
        std::stop_source before;
        before.request_stop();
        const mpimap::options o{.stop = before.get_token()};
        const std::vector<int> xs = count_to(100);
        EXPECT_THROW((void)p.map(o, twice, xs), mpimap::cancelled);
        for (const auto& y : p.try_map(o, twice, xs)) {
            EXPECT_FALSE(y.has_value());
            EXPECT_EQ(y.error().kind(), mpimap::failure_kind::not_run);
        }
        EXPECT_THROW(p.for_each(o, twice, xs), mpimap::cancelled);
        EXPECT_THROW((void)p.map_reduce(o, std::plus<>(), 0, twice, xs), mpimap::cancelled);
        EXPECT_THROW((void)p.amap(o, twice, xs).get(), mpimap::cancelled);
        EXPECT_TRUE(p.map(o, twice, std::vector<int>()).empty()); // nothing was left out
        expect_usable(p);

        std::stop_source meanwhile;
        auto later = p.amap({.chunk = 1, .stop = meanwhile.get_token()}, slow_twice, count_to(30'000));
        (void)later.wait_for(5ms);
        meanwhile.request_stop();
        EXPECT_THROW((void)later.get(), mpimap::cancelled);
        expect_usable(p);

        // A call that has run all its items does not hear of it.
        std::stop_source never;
        EXPECT_EQ(p.map({.stop = never.get_token()}, twice, xs), serial(twice, xs));
    });
}

TEST(stop, ends_collective_calls_on_every_rank) {
    for_each_root([](int root) {
        std::stop_source stop;
        if (rank() == root)
            stop.request_stop();
        for_each_schedule(root, [&](mpimap::options o) {
            o.stop = stop.get_token();
            const std::string text =
                text_of<mpimap::cancelled>([&] { (void)mpimap::mpi_map(comm(), o, twice, count_to(100)); });
            EXPECT_TRUE(same_everywhere(text));
        });
        expect_next_call_works(root);
        // From another thread, in the middle.
        std::stop_source later;
        std::optional<std::jthread> thread;
        if (rank() == root)
            thread.emplace([&later] {
                rest(10);
                later.request_stop();
            });
        EXPECT_THROW((void)mpimap::mpi_map(comm(), {.root = root, .chunk = 1, .stop = later.get_token()},
                                           slow_twice, count_to(50'000)),
                     mpimap::cancelled);
        thread.reset();
        expect_next_call_works(root);
    });
}

} // namespace
