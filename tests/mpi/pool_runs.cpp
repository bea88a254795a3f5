// Which items of a pool's calls run: each of them once, and those that were cancelled or stopped before they
// began not at all. Items count where they run; the ranks add up behind the pool.

#include <mpimap/mpimap.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <tuple>

#include "mpi_test.hpp"
#include "pool_test.hpp"

using namespace mpimap_test;
using mpimap::pool;
using mpimap::schedule;

namespace {

// ---------------------------------------------------------------- each item once

std::vector<int> times_here; // that each item ran, in this process

int ran(int x) {
    ++times_here.at(static_cast<std::size_t>(x));
    return 2 * x;
}

/// Runs the program, whose items are 0 to n - 1, in a pool, and gives how often each of them ran. Collective.
template <typename Program>
std::vector<int> times_in_pool(std::size_t n, const mpimap::pool_options& o, const Program& program) {
    times_here.assign(n, 0);
    with_pool(o, program);
    std::vector<int> all(n);
    MPI_Allreduce(times_here.data(), all.data(), static_cast<int>(n), MPI_INT, MPI_SUM, comm());
    return all;
}

constexpr std::size_t room = 300; // more than the longest input

/// No items, fewer than ranks, as many, and more.
std::vector<std::size_t> lengths() {
    const auto p = static_cast<std::size_t>(size());
    return {0, 1, p - 1, p, p + 1, 41, 257};
}

/// Calls `call(pool, options, items)` with every schedule and length, each with items of its own, and expects
/// that each item runs once.
template <typename Call>
void expect_once(int root, const std::vector<mpimap::options>& all, const Call& call) {
    const std::size_t calls = all.size() * lengths().size();
    const std::vector<int> times = times_in_pool(calls * room, {.root = root}, [&](pool& p) {
        int first = 0;
        for (const mpimap::options& o : all) {
            for (const std::size_t n : lengths()) {
                call(p, o, count_to(n, first));
                first += static_cast<int>(room);
            }
        }
    });
    std::size_t at = 0;
    for (std::size_t o = 0; o < all.size(); ++o) {
        for (const std::size_t n : lengths()) {
            SCOPED_TRACE("options " + std::to_string(o) + ", " + std::to_string(n) + " items");
            const auto begin = times.begin() + static_cast<std::ptrdiff_t>(at);
            const auto end = begin + static_cast<std::ptrdiff_t>(n);
            EXPECT_EQ(std::vector<int>(begin, end), std::vector<int>(n, 1));
            at += room;
        }
    }
    EXPECT_EQ(std::accumulate(times.begin(), times.end(), 0L), [&] {
        std::size_t items = 0;
        for (const std::size_t n : lengths())
            items += n * all.size();
        return static_cast<long>(items);
    }());
}

std::vector<mpimap::options> options_of_whole_maps() {
    std::vector<mpimap::options> all;
    for (const named_options& s : all_schedules(0))
        all.push_back(s.options);
    return all;
}

TEST(each_item_once, of_for_each) {
    for_each_root([](int root) {
        expect_once(root, options_of_whole_maps(), [](pool& p, const mpimap::options& o, const auto& xs) {
            p.for_each(
                o, [](int x) { (void)ran(x); }, xs);
        });
        expect_once(root, {{}}, [](pool& p, const mpimap::options&, const auto& xs) { p.for_each(ran, xs); });
    });
    expect_next_call_works();
}

TEST(each_item_once, of_whole_maps) {
    for_each_root([](int root) {
        const auto once = [root](const auto& call) { expect_once(root, options_of_whole_maps(), call); };
        const auto twice = [](const std::vector<int>& xs) { return serial([](int x) { return 2 * x; }, xs); };
        once([&](pool& p, const mpimap::options& o, const auto& xs) {
            EXPECT_EQ(p.map(o, ran, xs), twice(xs));
        });
        once([&](pool& p, const mpimap::options& o, const auto& xs) {
            std::vector<std::tuple<int>> tuples;
            for (const int x : xs)
                tuples.emplace_back(x);
            EXPECT_EQ(p.starmap(o, ran, tuples), twice(xs));
        });
        once([&](pool& p, const mpimap::options& o, const auto& xs) {
            std::vector<int> out(xs.size(), -1);
            p.map_into(o, ran, out, xs);
            EXPECT_EQ(out, twice(xs));
        });
        once([&](pool& p, const mpimap::options& o, const auto& xs) {
            std::vector<int> got;
            for (const auto& r : p.try_map(o, ran, xs))
                got.push_back(r.value());
            EXPECT_EQ(got, twice(xs));
        });
        once([](pool& p, const mpimap::options& o, const auto& xs) {
            EXPECT_EQ(p.map_reduce(o, std::plus<>(), 7, ran, xs),
                      7 + 2 * std::accumulate(xs.begin(), xs.end(), 0));
        });
        once([&](pool& p, const mpimap::options& o, const auto& xs) {
            EXPECT_EQ(p.amap(o, ran, xs).get(), twice(xs));
        });
    });
    expect_next_call_works();
}

TEST(each_item_once, of_lazy_maps_and_submissions) {
    const std::vector<mpimap::options> all = {{},
                                              {.chunk = 1},
                                              {.chunk = 7},
                                              {.schedule = schedule::dynamic},
                                              {.schedule = schedule::dynamic, .chunk = 50}};
    for_each_root([&](int root) {
        expect_once(root, all, [](pool& p, const mpimap::options& o, const auto& xs) {
            std::vector<int> got;
            for (const int y : p.imap(o, ran, xs))
                got.push_back(y / 2);
            EXPECT_EQ(got, xs);
        });
        expect_once(root, all, [](pool& p, const mpimap::options& o, const auto& xs) {
            std::vector<int> got;
            for (const auto& [i, y] : p.uimap(o, ran, xs))
                got.push_back(y / 2);
            std::ranges::sort(got);
            EXPECT_EQ(got, xs);
        });
        expect_once(root, {{}}, [](pool& p, const mpimap::options&, const auto& xs) {
            std::vector<mpimap::future<int>> later;
            for (const int x : xs)
                later.push_back(p.submit(ran, x));
            for (std::size_t i = 0; i < xs.size(); ++i)
                EXPECT_EQ(later[i].get(), 2 * xs[i]);
        });
    });
    expect_next_call_works();
}

// ---------------------------------------------------------------- what is not run

constexpr int many = 3000;

int slow(int x) {
    ++runs;
    rest(3);
    return x;
}

/// What has been handed out when nothing more may be: a few chunks of one item each on every rank.
long handed_out() {
    return 16L * size();
}
/// Far less than all, where ranks run items until the moment in question.
constexpr long a_part = many / 2;

TEST(not_run, what_was_left_of_a_cancelled_amap) {
    for_each_root([](int root) {
        const long ran = runs_in_pool({.root = root}, [](pool& p) {
            const auto later = p.amap({.chunk = 1}, slow, count_to(many));
            later.cancel();
            expect_usable(p);
        });
        EXPECT_LE(ran, handed_out());
        const long some = runs_in_pool({.root = root}, [](pool& p) {
            auto later = p.amap({.chunk = 1}, slow, count_to(many));
            (void)later.wait_for(std::chrono::milliseconds(20));
            later.cancel();
            EXPECT_THROW((void)later.get(), mpimap::cancelled);
        });
        EXPECT_GT(some, 0);
        EXPECT_LT(some, a_part);
    });
}

TEST(not_run, what_was_left_when_the_future_went_out_of_scope) {
    for_each_root([](int root) {
        const long ran = runs_in_pool({.root = root}, [](pool& p) {
            { const auto later = p.amap({.chunk = 1}, slow, count_to(many)); }
            expect_usable(p);
        });
        EXPECT_LE(ran, handed_out());
        const long replaced = runs_in_pool({.root = root}, [](pool& p) {
            auto later = p.amap({.chunk = 1}, slow, count_to(many));
            later = p.amap(
                {.chunk = 1}, [](int x) { return x; }, count_to(5));
            EXPECT_EQ(later.get(), count_to(5));
        });
        EXPECT_LE(replaced, handed_out());
    });
}

TEST(not_run, submissions_that_were_cancelled) {
    for_each_root([](int root) {
        long done = 0;
        const long ran = runs_in_pool({.root = root}, [&done](pool& p) {
            std::vector<mpimap::future<int>> all;
            for (int i = 0; i < many; ++i)
                all.push_back(p.submit(slow, i));
            for (const auto& f : all)
                f.cancel();
            for (int i = 0; i < many; ++i) {
                try {
                    EXPECT_EQ(all[static_cast<std::size_t>(i)].get(), i);
                    ++done;
                } catch (const mpimap::cancelled&) {
                }
            }
        });
        // What ran gave its result, and what is told to be cancelled did not run.
        EXPECT_EQ(ran, sum_over_ranks(done));
        EXPECT_LT(ran, many);
    });
}

std::optional<std::stop_source> stop_here; // on the root, for its items

TEST(not_run, what_was_left_when_an_item_of_the_root_requested_a_stop) {
    for_each_root([](int root) {
        for (const schedule s : {schedule::automatic, schedule::dynamic}) {
            stop_here.emplace();
            const long ran = runs_in_pool({.root = root}, [s](pool& p) {
                const mpimap::options o{.schedule = s, .chunk = 1, .stop = stop_here->get_token()};
                EXPECT_THROW((void)p.map(
                                 o,
                                 [](mpimap::task t, int x) {
                                     // Only the root's copy of the token is looked at.
                                     if (runs == 2 && stop_here)
                                         stop_here->request_stop();
                                     return slow(x) + t.rank();
                                 },
                                 count_to(many)),
                             mpimap::cancelled);
                expect_usable(p);
            });
            stop_here.reset();
            EXPECT_GT(ran, 2);
            EXPECT_LT(ran, a_part);
        }
    });
}

TEST(not_run, what_was_left_when_another_thread_requested_a_stop) {
    for_each_root([](int root) {
        for (const bool root_computes : {true, false}) {
            const long ran = runs_in_pool({.root = root, .root_computes = root_computes}, [](pool& p) {
                std::stop_source stop;
                const std::jthread thread([&stop] {
                    rest(20);
                    stop.request_stop();
                });
                EXPECT_THROW((void)p.map({.chunk = 1, .stop = stop.get_token()}, slow, count_to(many)),
                             mpimap::cancelled);
                expect_usable(p);
            });
            EXPECT_LT(ran, a_part);
        }
        std::stop_source before;
        before.request_stop();
        EXPECT_EQ(runs_in_pool({.root = root},
                               [&](pool& p) {
                                   EXPECT_THROW(
                                       p.for_each({.stop = before.get_token()}, slow, count_to(many)),
                                       mpimap::cancelled);
                               }),
                  0);
    });
}

/// The calls that take a token, with slow items; what they give before they end is right.
struct stoppable {
    const char* name;
    void (*call)(pool&, const mpimap::options&);
    bool whole; // all items are known beforehand: any schedule will do
};
const stoppable stoppable_calls[] = {
    {"map", [](pool& p, const mpimap::options& o) { (void)p.map(o, slow, count_to(many)); }, true},
    {"starmap",
     [](pool& p, const mpimap::options& o) {
         (void)p.starmap(o, slow, std::vector<std::tuple<int>>(static_cast<std::size_t>(many)));
     },
     true},
    {"map_into",
     [](pool& p, const mpimap::options& o) {
         std::vector<int> out(static_cast<std::size_t>(many), -1);
         try {
             p.map_into(o, slow, out, count_to(many));
         } catch (const mpimap::cancelled&) {
             for (int i = 0; i < many; ++i) {
                 const int got = out[static_cast<std::size_t>(i)];
                 EXPECT_TRUE(got == i || got == -1) << got << " at " << i;
             }
             throw;
         }
     },
     true},
    {"for_each", [](pool& p, const mpimap::options& o) { p.for_each(o, slow, count_to(many)); }, true},
    {"try_map", [](pool& p, const mpimap::options& o) { (void)p.try_map(o, slow, count_to(many)); }, true},
    {"map_reduce",
     [](pool& p, const mpimap::options& o) { (void)p.map_reduce(o, std::plus<>(), 7, slow, count_to(many)); },
     true},
    {"amap", [](pool& p, const mpimap::options& o) { (void)p.amap(o, slow, count_to(many)).get(); }, true},
    {"imap",
     [](pool& p, const mpimap::options& o) {
         int next = 0;
         for (const int y : p.imap(o, slow, count_to(many)))
             EXPECT_EQ(y, next++);
     },
     false},
    {"uimap",
     [](pool& p, const mpimap::options& o) {
         std::vector<bool> seen(static_cast<std::size_t>(many));
         for (const auto& [i, y] : p.uimap(o, slow, count_to(many))) {
             EXPECT_EQ(static_cast<int>(i), y);
             EXPECT_FALSE(seen.at(i));
             seen.at(i) = true;
         }
     },
     false},
};

TEST(not_run, what_was_left_of_any_call_that_was_stopped) {
    for (const stoppable& kind : stoppable_calls) {
        for (const schedule s : {schedule::automatic, schedule::static_, schedule::dynamic}) {
            if (s == schedule::static_ && !kind.whole)
                continue;
            // One root each: that any rank may be it is tested above.
            static int number = 0;
            const int root = number++ % size();
            SCOPED_TRACE(std::string(kind.name) + ", schedule " + std::to_string(static_cast<int>(s)) +
                         ", root " + std::to_string(root));
            const auto stopped = [&](pool& p, const std::stop_source& stop) {
                EXPECT_THROW(kind.call(p, {.schedule = s, .chunk = 1, .stop = stop.get_token()}),
                             mpimap::cancelled);
            };
            const long ran = runs_in_pool({.root = root}, [&](pool& p) {
                std::stop_source stop;
                const std::jthread thread([&stop] {
                    rest(15);
                    stop.request_stop();
                });
                stopped(p, stop);
                expect_usable(p);
            });
            EXPECT_LT(ran, a_part);
            std::stop_source before;
            before.request_stop();
            EXPECT_EQ(runs_in_pool({.root = root}, [&](pool& p) { stopped(p, before); }), 0);
        }
    }
    expect_next_call_works();
}

TEST(not_run, what_was_left_of_a_loop_that_was_broken_off) {
    for_each_root([](int root) {
        const mpimap::pool_options o{.root = root, .window = many};
        const long in_order = runs_in_pool(o, [](pool& p) {
            for (const int y : p.imap({.chunk = 1}, slow, count_to(many))) {
                EXPECT_EQ(y, 0);
                break;
            }
            expect_usable(p);
        });
        EXPECT_GT(in_order, 0);
        EXPECT_LT(in_order, a_part);
        const long as_completed = runs_in_pool(o, [](pool& p) {
            for (const auto& [i, y] : p.uimap({.chunk = 1}, slow, count_to(many))) {
                EXPECT_EQ(static_cast<int>(i), y);
                break;
            }
            expect_usable(p);
        });
        EXPECT_GT(as_completed, 0);
        EXPECT_LT(as_completed, a_part);
    });
}

int first_fails(int x) {
    if (x == 0) {
        ++runs;
        throw std::runtime_error("the first one");
    }
    return slow(x);
}

TEST(not_run, what_was_left_when_an_item_failed) {
    for_each_root([](int root) {
        for (const schedule s : {schedule::automatic, schedule::dynamic}) {
            for (const mpimap::on_error how : {mpimap::on_error::stop, mpimap::on_error::collect}) {
                const bool stops = how == mpimap::on_error::stop;
                const int n = stops ? many : 60;
                const mpimap::options o{.root = root, .schedule = s, .chunk = 1, .on_error = how};
                const auto expect_runs = [&](long ran) {
                    if (stops) {
                        EXPECT_LT(ran, a_part);
                    } else {
                        EXPECT_EQ(ran, n);
                    }
                };
                SCOPED_TRACE(stops ? "stop" : "collect");
                expect_runs(runs_in_pool({.root = root}, [&](pool& p) {
                    const mpimap::map_error e = map_error_of([&] {
                        (void)p.map({.schedule = s, .chunk = 1, .on_error = how}, first_fails,
                                    count_to(static_cast<std::size_t>(n)));
                    });
                    EXPECT_EQ(e.failed(), 1U);
                    expect_usable(p);
                }));
                runs = 0;
                EXPECT_THROW(
                    (void)mpimap::mpi_map(comm(), o, first_fails, count_to(static_cast<std::size_t>(n))),
                    mpimap::map_error);
                expect_runs(sum_over_ranks(runs));
            }
        }
    });
    expect_next_call_works();
}

} // namespace
