// Which items of a pool's calls run: each of them once, and those that were cancelled or stopped before they
// began not at all. Items count where they run; the ranks add up behind the pool. At last, calls of all kinds
// drawn at random.

#include <mpimap/mpimap.hpp>

#include <algorithm>
#include <functional>
#include <list>
#include <optional>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <tuple>

#include "mpi_test.hpp"
#include "pool_test.hpp"
#include "shared_counter.hpp"

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
    rest(10);
    return x;
}

/// What has been handed out when nothing more may be: a few chunks of one item each on every rank.
long handed_out() {
    return 16L * size();
}
/// Far less than all, where ranks run items until the moment in question: half of them take eight ranks two
/// seconds.
constexpr long a_part = many / 2;

TEST(not_run, what_was_left_of_a_cancelled_amap) {
    for_each_root([](int root) {
        const long ran = runs_in_pool({.root = root}, [](pool& p) {
            const auto later = p.amap({.chunk = 1}, slow, count_to(many));
            later.cancel();
            expect_usable(p);
        });
        EXPECT_LE(ran, handed_out());
        const shared_counter begun;
        const long some = runs_in_pool({.root = root}, [](pool& p) {
            auto later = p.amap(
                {.chunk = 1},
                [](int x) {
                    ++shared_counter::value();
                    return slow(x);
                },
                count_to(many));
            while (shared_counter::value() == 0)
                (void)later.wait_for(std::chrono::milliseconds(1));
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
    {"try_map",
     [](pool& p, const mpimap::options& o) {
         for (const auto& y : p.try_map(o, slow, count_to(many))) {
             if (!y.has_value())
                 y.error().rethrow();
         }
     },
     true},
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
                const int n = stops ? many : 20;
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

// ---------------------------------------------------------------- calls drawn at random

int drawn(int x) {
    if (x % 16 == 5)
        std::this_thread::sleep_for(std::chrono::microseconds(300));
    return ran(x);
}
bool fails(int x) {
    return x % 7 == 3;
}
int drawn_or_fails(int x) {
    const int y = drawn(x);
    if (fails(x))
        throw std::domain_error("of item " + std::to_string(x));
    return y;
}

/// A program that mixes calls of all kinds, some of them cancelled, dropped or read in part. No two items
/// have the same number.
class random_calls {
  public:
    static constexpr std::size_t most_items = 8000;

    random_calls(pool& p, std::uint32_t seed)
        : pool_(p), random_(seed), least_(most_items), most_(most_items) {}

    void run() {
        void (random_calls::*const steps[])() = {
            &random_calls::map,         &random_calls::try_map,   &random_calls::map_that_fails,
            &random_calls::start_amap,  &random_calls::end_amap,  &random_calls::start_imap,
            &random_calls::read_imap,   &random_calls::read_imap, &random_calls::submit,
            &random_calls::take_results};
        while (next_ + 200 < static_cast<int>(most_items) && ++steps_ < 200)
            (this->*steps[below(std::size(steps))])();
    }
    /// Closed: what is in flight runs. Otherwise only what has been seen is certain to have run.
    void end(bool closes) {
        for (const in_flight& c : amaps_)
            set(c.first, c.n, closes ? 1 : 0, 1);
        for (const int x : dropped_)
            set(x, 1, closes ? 1 : 0, 1);
        for (const submission& one : submissions_)
            set(one.x, 1, closes && !one.cancelled ? 1 : 0, 1);
    }
    /// How often each item may have run.
    void expect(const std::vector<int>& times) const {
        for (std::size_t x = 0; x < most_items; ++x) {
            EXPECT_GE(times[x], least_[x]) << "item " << x;
            EXPECT_LE(times[x], most_[x]) << "item " << x;
        }
    }

  private:
    struct in_flight {
        int first;
        std::size_t n;
        mpimap::future<std::vector<int>> results;
    };
    struct submission {
        int x;
        bool cancelled;
        mpimap::future<int> result;
    };
    using view = decltype(std::declval<pool&>().imap(mpimap::options(), drawn, std::vector<int>()));
    struct lazy {
        lazy(int x, std::size_t items, view v) : first(x), n(items), results(std::move(v)) {}
        int first;
        std::size_t n;
        view results;
        std::optional<std::ranges::iterator_t<view>> at = {};
        std::size_t taken = 0;
    };

    std::size_t below(std::size_t n) { return random_() % n; }
    bool one_in(std::size_t n) { return below(n) == 0; }
    mpimap::options any_schedule() {
        static const std::vector<mpimap::options> all = options_of_whole_maps();
        return all[below(all.size())];
    }
    std::vector<int> items() {
        const std::vector<int> all = count_to(one_in(8) ? 0 : below(60), next_);
        next_ += static_cast<int>(all.size());
        return all;
    }
    void set(int first, std::size_t n, int least, int most) {
        for (std::size_t i = 0; i < n; ++i) {
            least_.at(static_cast<std::size_t>(first) + i) = least;
            most_.at(static_cast<std::size_t>(first) + i) = most;
        }
    }
    void expect_results(int first, std::size_t n, const std::vector<int>& got) {
        set(first, n, 1, 1);
        EXPECT_EQ(got, serial([](int x) { return 2 * x; }, count_to(n, first)));
    }
    /// Any element, taken out.
    template <typename List>
    auto pick(List& all) {
        const auto at = std::next(all.begin(), static_cast<std::ptrdiff_t>(below(all.size())));
        List one;
        one.splice(one.begin(), all, at);
        return one;
    }

    void map() {
        const std::vector<int> xs = items();
        expect_results(xs.empty() ? 0 : xs.front(), xs.size(), pool_.map(any_schedule(), drawn, xs));
    }
    void try_map() {
        const std::vector<int> xs = items();
        const auto got = pool_.try_map(any_schedule(), drawn_or_fails, xs);
        ASSERT_EQ(got.size(), xs.size());
        for (std::size_t i = 0; i < xs.size(); ++i) {
            set(xs[i], 1, 1, 1);
            ASSERT_EQ(got[i].has_value(), !fails(xs[i]));
            if (got[i]) {
                EXPECT_EQ(*got[i], 2 * xs[i]);
            } else {
                EXPECT_EQ(got[i].error().index(), i);
                EXPECT_EQ(got[i].error().what(), "of item " + std::to_string(xs[i]));
            }
        }
    }
    void map_that_fails() {
        const std::vector<int> xs = items();
        const auto failing = static_cast<std::size_t>(std::ranges::count_if(xs, fails));
        mpimap::options o = any_schedule();
        const bool collects = one_in(2);
        if (collects)
            o.on_error = mpimap::on_error::collect;
        std::size_t failed = 0;
        try {
            EXPECT_EQ(pool_.map(o, drawn_or_fails, xs), serial([](int x) { return 2 * x; }, xs));
        } catch (const mpimap::map_error& e) {
            failed = e.failed();
            for (const mpimap::task_error& t : e.errors())
                EXPECT_EQ(t.what(), "of item " + std::to_string(xs.at(t.index())));
        }
        EXPECT_EQ(failed != 0, failing != 0);
        EXPECT_LE(failed, failing);
        if (collects) {
            EXPECT_EQ(failed, failing);
        }
        for (const int x : xs)
            set(x, 1, collects || failing == 0 ? 1 : 0, 1);
    }
    void start_amap() {
        std::vector<int> xs = items();
        const int first = xs.empty() ? 0 : xs.front();
        const std::size_t n = xs.size();
        amaps_.push_back({first, n, pool_.amap(any_schedule(), drawn, std::move(xs))});
    }
    void end_amap() {
        if (amaps_.empty())
            return;
        std::list<in_flight> one = pick(amaps_);
        in_flight& c = one.front();
        set(c.first, c.n, 0, 1);
        const bool cancels = one_in(3);
        if (cancels)
            c.results.cancel();
        if (one_in(4))
            return; // let go
        if (one_in(4))
            (void)c.results.wait_for(std::chrono::microseconds(100));
        try {
            expect_results(c.first, c.n, c.results.get());
        } catch (const mpimap::cancelled&) {
            EXPECT_TRUE(cancels);
        }
    }
    void start_imap() {
        std::vector<int> xs = items();
        const int first = xs.empty() ? 0 : xs.front();
        const std::size_t n = xs.size();
        set(first, n, 0, 1);
        mpimap::options o;
        if (one_in(2))
            o.schedule = schedule::dynamic;
        if (one_in(2))
            o.chunk = 1 + below(20);
        lazies_.emplace_back(first, n, pool_.imap(o, drawn, std::move(xs)));
    }
    void read_imap() {
        if (lazies_.empty())
            return;
        std::list<lazy> one = pick(lazies_);
        lazy& l = one.front();
        if (!l.at)
            l.at.emplace(l.results.begin());
        for (std::size_t more = below(30); more != 0 && *l.at != l.results.end(); --more, ++*l.at) {
            const int x = l.first + static_cast<int>(l.taken++);
            EXPECT_EQ(**l.at, 2 * x);
            set(x, 1, 1, 1);
        }
        if (*l.at == l.results.end()) {
            EXPECT_EQ(l.taken, l.n);
        } else if (!one_in(4)) {
            lazies_.splice(lazies_.end(), one); // otherwise broken off
        }
    }
    void submit() {
        for (std::size_t n = 1 + below(8); n != 0; --n) {
            const int x = next_++;
            if (one_in(8)) {
                (void)pool_.submit(drawn, x);
                dropped_.push_back(x);
                continue;
            }
            submissions_.push_back({x, false, pool_.submit(drawn, x)});
            if (one_in(4)) {
                submissions_.back().cancelled = true;
                submissions_.back().result.cancel();
            }
        }
    }
    void take_results() {
        for (std::size_t n = below(12); n != 0 && !submissions_.empty(); --n) {
            std::list<submission> one = pick(submissions_);
            submission& s = one.front();
            try {
                EXPECT_EQ(s.result.get(), 2 * s.x);
                set(s.x, 1, 1, 1);
            } catch (const mpimap::cancelled&) {
                EXPECT_TRUE(s.cancelled);
                set(s.x, 1, 0, 0);
            }
        }
    }

    pool& pool_;
    std::mt19937 random_;
    std::vector<int> least_; // times that an item must, and may, have run
    std::vector<int> most_;
    int next_ = 0; // item
    int steps_ = 0;
    std::list<in_flight> amaps_;
    std::list<lazy> lazies_;
    std::list<submission> submissions_;
    std::vector<int> dropped_;
};

TEST(calls_at_random, give_the_serial_results_and_run_their_items_once) {
    if (size() != 3 && size() != 5) {
        GTEST_SKIP() << "enough on 3 and 5 ranks";
    }
    // The engine alone goes through many more of them, in tests/simulated.
    for (std::uint32_t seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937 same(seed); // on every rank
        constexpr std::size_t windows[] = {0, 1, 7, 64};
        const int root = static_cast<int>(same() % static_cast<unsigned>(size()));
        const std::size_t window = windows[same() % std::size(windows)];
        const bool root_computes = same() % 3 != 0;
        const bool closes = same() % 4 != 0;
        times_here.assign(random_calls::most_items, 0);
        std::optional<random_calls> calls;
        try {
            pool p(comm(), {.root = root, .window = window, .root_computes = root_computes});
            if (p) {
                calls.emplace(p, seed);
                calls->run();
                calls->end(closes);
                if (!closes)
                    throw std::runtime_error("the program of the root");
            }
        } catch (const std::runtime_error& e) {
            EXPECT_EQ(std::string(e.what()), "the program of the root");
        }
        std::vector<int> times(times_here.size());
        MPI_Allreduce(times_here.data(), times.data(), static_cast<int>(times.size()), MPI_INT, MPI_SUM,
                      comm());
        if (calls)
            calls->expect(times);
        expect_next_call_works(root);
    }
}

} // namespace
