// What the ranks of a pool keep: set-up, objects made once per rank, shared values, functions and constants
// that are not sent again.

#include <mpimap/mpimap.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>

#include "mpi_test.hpp"
#include "pool_test.hpp"
#include "shared_counter.hpp"

using namespace mpimap_test;
using mpimap::pool;
using mpimap::schedule;

// ---------------------------------------------------------------- what is sent

namespace {
std::atomic<long> sends{0};
std::atomic<long> sent_bytes{0};
} // namespace

extern "C" int MPI_Isend(const void* data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm,
                         MPI_Request* request) {
    int size = 0;
    MPI_Type_size(type, &size);
    ++sends;
    sent_bytes += static_cast<long>(count) * size;
    return PMPI_Isend(data, count, type, to, tag, comm, request);
}

namespace {

/// Bytes that this rank sends during `call`.
template <typename Call>
long bytes_of(const Call& call) {
    const long before = sent_bytes;
    call();
    return sent_bytes - before;
}

constexpr long large = 800'000; // bytes

/// To how many of `others` the root itself sends what all need: they are idle, and pass it on.
constexpr long direct(long others) {
    return static_cast<long>(std::bit_width(static_cast<unsigned long>(others)));
}
using table = std::vector<double>;

/// So many items, in order, one on each rank.
const mpimap::options one_each{.schedule = schedule::static_, .chunk = 1};
mpimap::detail::index_argument ranks(const pool& p) {
    return mpimap::indices(static_cast<std::size_t>(p.size()));
}

// ---------------------------------------------------------------- set-up

int made_ready = 0; // by the set-up, in this process

TEST(set_up, runs_on_every_rank_before_the_first_item) {
    for_each_root([](int root) {
        made_ready = 0;
        const int number = 100 + rank();
        with_pool({.root = root, .set_up = [number] { made_ready = number; }}, [](pool& p) {
            std::vector<int> expected;
            for (int r = 0; r < p.size(); ++r)
                expected.push_back(100 + r);
            EXPECT_EQ(p.map(
                          one_each, [](std::size_t) { return made_ready; }, ranks(p)),
                      expected);
        });
        EXPECT_EQ(made_ready, number);
    });
}

/// Every call throws, and all say the same: that text.
std::string text_of_broken(pool& p) {
    const std::string said =
        text_of<mpimap::broken_pool>([&] { (void)p.map([](int x) { return x; }, count_to(3)); });
    const auto broken = [&](const auto& call) { EXPECT_EQ(text_of<mpimap::broken_pool>(call), said); };
    const auto f = [](int x) { return x; };
    const std::vector<int> xs = count_to(100);
    broken([&] { (void)p.map(f, xs); });
    broken([&] { (void)p.map(one_each, f, xs); });
    broken([&] { (void)p.try_map(f, xs); });
    broken([&] { p.for_each(f, xs); });
    broken([&] { (void)p.map_reduce(std::plus<>(), 0, f, xs); });
    broken([&] { (void)p.amap(f, xs).get(); });
    broken([&] { (void)p.submit(f, 1).get(); });
    broken([&] {
        for ([[maybe_unused]] const int y : p.imap(f, xs)) {
        }
    });
    broken([&] {
        for ([[maybe_unused]] const auto& y : p.uimap(f, xs)) {
        }
    });
    broken([&] { (void)p.starmap(f, std::vector<std::tuple<int>>(10)); });
    broken([&] {
        std::vector<int> out(xs.size());
        p.map_into(f, out, xs);
    });
    broken([&] { (void)p.share(1); });
    broken([&] { (void)p.finish([](mpimap::finishing) { return 0; }); });
    broken([&] { (void)p.map(f, std::vector<int>()); }); // even without items
    EXPECT_TRUE(static_cast<bool>(p));                   // not closed
    return said;
}
void expect_broken(pool& p, int where) {
    const std::string text = text_of_broken(p);
    EXPECT_CONTAINS(text, "std::runtime_error: no device");
    EXPECT_CONTAINS(text, "on rank " + std::to_string(where) + " (");
}

TEST(set_up, that_throws_anywhere_breaks_the_pool) {
    for_each_root([](int root) {
        for (const int where : {0, size() - 1}) {
            for (const int milliseconds : {0, 30}) {
                SCOPED_TRACE("on rank " + std::to_string(where) + " after " + std::to_string(milliseconds));
                const auto set_up = [where, milliseconds] {
                    if (rank() == where) {
                        rest(milliseconds);
                        throw std::runtime_error("no device");
                    }
                };
                {
                    pool p(comm(), {.root = root, .set_up = set_up});
                    if (p) {
                        // The first one may have been under way when the set-up failed.
                        EXPECT_THROW((void)p.map(
                                         {.schedule = schedule::static_},
                                         [](int x) {
                                             rest(1);
                                             return x;
                                         },
                                         count_to(static_cast<std::size_t>(5 * size()))),
                                     mpimap::broken_pool);
                        expect_broken(p, where);
                        p.close();
                        p.close();
                    }
                }
                expect_next_call_works(root);
            }
        }
        // Neither does it hurt if nobody calls.
        {
            const pool p(comm(), {.root = root, .set_up = [] { throw std::logic_error("no device"); }});
        }
        expect_next_call_works(root);
        with_pool({.root = root}, expect_usable);
    });
}

TEST(set_up, that_throws_late_is_known_before_the_first_call) {
    for_each_root([](int root) {
        const int where = (root + 1) % size();
        const auto set_up = [where] {
            if (rank() == where) {
                rest(50);
                throw std::runtime_error("no device");
            }
        };
        const long ran = runs_in_pool({.root = root, .set_up = set_up}, [where](pool& p) {
            const auto counts = [](int x) {
                ++runs;
                return x;
            };
            // Where the call is made, not where its result is asked for.
            EXPECT_THROW((void)p.amap(counts, count_to(1000)), mpimap::broken_pool);
            EXPECT_THROW((void)p.submit(counts, 1), mpimap::broken_pool);
            expect_broken(p, where);
        });
        EXPECT_EQ(ran, 0);
        expect_next_call_works(root);
    });
}

TEST(set_up, may_throw_what_is_no_exception) {
    for_each_root([](int root) {
        const int where = (root + 1) % size();
        {
            pool p(comm(), {.root = root, .set_up = [where] {
                                if (rank() == where)
                                    throw 42;
                            }});
            if (p) {
                const std::string text = text_of_broken(p);
                EXPECT_CONTAINS(text, "on rank " + std::to_string(where) + " (");
                EXPECT_CONTAINS(text, ": int");
            }
        }
        expect_next_call_works(root);
    });
}

TEST(set_up, may_throw_on_several_ranks_at_once) {
    for_each_root([](int root) {
        for (const bool root_too : {false, true}) {
            for (int delay = 0; delay < 3; ++delay) { // who is the first to say so
                {
                    pool p(comm(), {.root = root, .set_up = [=] {
                                        rest(rank() * delay);
                                        if (rank() != root || root_too)
                                            throw std::runtime_error("no device " + std::to_string(rank()));
                                    }});
                    if (p && (root_too || p.size() > 1)) {
                        const std::string text = text_of_broken(p);
                        // One of them, with its own text.
                        int named = 0;
                        for (int r = 0; r < p.size(); ++r) {
                            const std::string number = std::to_string(r);
                            named += contains(text, "on rank " + number + " (") &&
                                             contains(text, "no device " + number)
                                         ? 1
                                         : 0;
                        }
                        EXPECT_EQ(named, 1) << text;
                    }
                }
                expect_next_call_works(root);
            }
        }
        with_pool({.root = root}, expect_usable);
    });
}

// ---------------------------------------------------------------- one object per rank

int made = 0; // objects, in this process

class solver {
  public:
    explicit solver(int start) : sum_(start) { ++made; }
    solver(const solver&) = delete; // what must not travel
    solver(solver&&) = default;
    int operator()(int x) {
        ++items_;
        sum_ += x;
        return made;
    }
    std::pair<int, int> operator()(mpimap::finishing) const { return {items_, sum_}; }

  private:
    int items_ = 0;
    int sum_;
};
solver make_solver(int start) {
    return solver(start);
}

TEST(per_rank_in_pool, is_kept_for_the_life_of_the_pool) {
    for_each_root([](int root) {
        made = 0;
        with_pool({.root = root}, [](pool& p) {
            const auto f = mpimap::per_rank(make_solver, 0);
            for (int call = 0; call < 10; ++call) {
                for (const int n : p.map(one_each, f, count_to(static_cast<std::size_t>(3 * p.size()))))
                    EXPECT_EQ(n, 1);
            }
            (void)p.amap(f, count_to(40)).get();
            for ([[maybe_unused]] const int n : p.imap(f, count_to(40)))
                EXPECT_EQ(n, 1);
            EXPECT_EQ(p.submit(f, 3).get(), 1);
            for (const int n : p.starmap(one_each, f, std::vector<std::tuple<int>>(40)))
                EXPECT_EQ(n, 1);
            const auto larger = [](int a, int b) { return std::max(a, b); };
            EXPECT_EQ(p.map_reduce(one_each, larger, 0, f, count_to(40)), 1);
            // Other bound arguments, another object.
            for (int call = 0; call < 3; ++call) {
                for (const int n : p.map(one_each, mpimap::per_rank(make_solver, 7),
                                         count_to(static_cast<std::size_t>(2 * p.size()))))
                    EXPECT_EQ(n, 2);
            }
            // And the first one is still there.
            for (const int n : p.map(one_each, mpimap::per_rank(make_solver, 0),
                                     count_to(static_cast<std::size_t>(p.size()))))
                EXPECT_EQ(n, 2);
        });
        EXPECT_EQ(made, 2);
    });
    // A new pool begins anew.
    made = 0;
    with_pool([](pool& p) {
        for (const int n :
             p.map(one_each, mpimap::per_rank(make_solver, 0), count_to(static_cast<std::size_t>(p.size()))))
            EXPECT_EQ(n, 1);
    });
}

TEST(per_rank_in_pool, finish_gives_what_each_rank_has) {
    for_each_root([](int root) {
        pool p(comm(), {.root = root});
        if (p) {
            const auto f = mpimap::per_rank(make_solver, 1000);
            const std::vector<int> xs = count_to(200);
            (void)p.map(f, xs);
            const auto later = p.amap(f, xs); // all that was asked for is in it
            const std::vector<std::pair<int, int>> all = p.finish(f);
            EXPECT_EQ(all.size(), static_cast<std::size_t>(size()));
            int items = 0;
            int sum = 0;
            for (const auto& [n, s] : all) {
                items += n;
                sum += s - 1000;
            }
            EXPECT_EQ(items, 400);
            EXPECT_EQ(sum, 2 * 199 * 100);
            EXPECT_FALSE(p);
        }
        expect_next_call_works(root);
    });
}

TEST(per_rank_in_pool, finish_is_by_rank_and_takes_any_function) {
    for_each_root([](int root) {
        pool p(comm(), {.root = root});
        if (p) {
            std::vector<int> expected;
            for (int r = 0; r < size(); ++r)
                expected.push_back(r);
            EXPECT_EQ(p.finish([](mpimap::task t, mpimap::finishing) { return t.rank(); }), expected);
        }
        expect_next_call_works(root);
    });
}

TEST(per_rank_in_pool, finish_takes_a_function_that_returns_nothing) {
    runs = 0;
    pool p(comm());
    if (p) {
        p.finish([](mpimap::finishing) { ++runs; });
        EXPECT_FALSE(p);
    }
    EXPECT_EQ(sum_over_ranks(runs), size());
}

TEST(per_rank_in_pool, finish_makes_the_object_where_no_item_has_run) {
    for_each_root([](int root) {
        made = 0;
        with_pool({.root = root}, [](pool& p) {
            const auto f = mpimap::per_rank(make_solver, 1000);
            (void)p.map(one_each, f, std::vector<int>{5}); // on rank 0 alone
            std::vector<std::pair<int, int>> expected(static_cast<std::size_t>(p.size()), {0, 1000});
            expected.front() = {1, 1005};
            EXPECT_EQ(p.finish(f), expected);
            EXPECT_FALSE(p);
        });
        EXPECT_EQ(made, 1);
        expect_next_call_works(root);
    });
}

TEST(per_rank_in_pool, finish_that_throws_on_a_rank_leaves_the_pool_open) {
    for_each_root([](int root) {
        with_pool({.root = root}, [](pool& p) {
            for (const int where : {0, p.size() - 1}) {
                const mpimap::map_error e = map_error_of([&] {
                    (void)p.finish([where](mpimap::task t, mpimap::finishing) {
                        if (t.rank() == where)
                            throw std::runtime_error("no report");
                        return t.rank();
                    });
                });
                EXPECT_EQ(e.failed(), 1U);
                ASSERT_EQ(e.errors().size(), 1U);
                EXPECT_EQ(e.errors()[0].what(), "no report");
                EXPECT_EQ(e.errors()[0].rank(), where);
                EXPECT_TRUE(static_cast<bool>(p));
                expect_usable(p);
            }
            // The second time it may work.
            EXPECT_EQ(p.finish([](mpimap::finishing) { return 3; }),
                      std::vector<int>(static_cast<std::size_t>(p.size()), 3));
            EXPECT_FALSE(p);
        });
        expect_next_call_works(root);
    });
}

int ended = 0; // objects, in this process

/// Tells how many there have been on its rank, and how many of them are gone.
class mortal {
  public:
    explicit mortal(int) { ++made; }
    mortal(mortal&& other) noexcept : alive_(std::exchange(other.alive_, false)) {}
    mortal(const mortal&) = delete;
    mortal& operator=(const mortal&) = delete;
    ~mortal() { ended += alive_ ? 1 : 0; }
    std::pair<int, int> operator()(std::size_t) const { return {made, ended}; }
    std::pair<int, int> operator()(mpimap::finishing) const { return {made, ended}; }

  private:
    bool alive_ = true;
};
mortal make_mortal(int number) {
    return mortal(number);
}

/// On every rank the item's object was number `made`, and so many before it are gone.
void expect_seen(const std::vector<std::pair<int, int>>& by_rank, std::pair<int, int> made_and_ended) {
    for (const std::pair<int, int>& seen : by_rank)
        EXPECT_EQ(seen, made_and_ended);
}

TEST(per_rank_in_pool, is_destroyed_where_it_was_made_when_the_pool_closes) {
    for_each_root([](int root) {
        enum class way { close, scope, finish, exception };
        for (const way w : {way::close, way::scope, way::finish, way::exception}) {
            SCOPED_TRACE(static_cast<int>(w));
            made = ended = 0;
            mpimap::future<std::vector<std::pair<int, int>>> whole; // outlive the pool
            mpimap::future<std::pair<int, int>> one;
            try {
                pool p(comm(), {.root = root});
                if (p) {
                    const auto f = mpimap::per_rank(make_mortal, 1);
                    for (int call = 0; call < 3; ++call)
                        expect_seen(p.map(one_each, f, ranks(p)), {1, 0});
                    expect_seen(p.amap(one_each, f, ranks(p)).get(), {1, 0});
                    expect_seen({p.submit(f, std::size_t{0}).get()}, {1, 0});
                    for (const auto& seen : p.imap(f, ranks(p)))
                        EXPECT_EQ(seen, (std::pair<int, int>{1, 0}));
                    whole = p.amap(one_each, f, ranks(p));
                    one = p.submit(f, std::size_t{0});
                    whole.wait();
                    one.wait();
                    EXPECT_EQ(ended, 0);
                    if (w == way::finish)
                        expect_seen(p.finish(f), {1, 0});
                    if (w == way::exception)
                        throw std::runtime_error("the program of the root");
                    if (w == way::close)
                        p.close();
                }
                // Not only when the object of the pool goes.
                if (w == way::close || w == way::finish || !p) {
                    EXPECT_EQ(ended, 1);
                }
            } catch (const std::runtime_error& e) {
                EXPECT_EQ(std::string(e.what()), "the program of the root");
            }
            EXPECT_EQ(made, 1);
            EXPECT_EQ(ended, 1);
            if (rank() == root) {
                expect_seen(whole.get(), {1, 0});
                expect_seen({one.get()}, {1, 0});
            }
            expect_next_call_works(root);
        }
    });
}

TEST(per_rank_in_pool, is_destroyed_when_others_need_its_room) {
    for_each_root([](int root) {
        made = ended = 0;
        with_pool({.root = root, .cache_bytes = 2 * large}, [](pool& p) {
            const auto f = mpimap::per_rank(make_mortal, 1);
            const auto fill = [&p](int number) {
                const table t(large / 8, number);
                const auto last = [](std::size_t, const table& x) { return x.back(); };
                EXPECT_EQ(p.map(one_each, last, ranks(p), mpimap::broadcast(t)).back(), number);
            };
            expect_seen(p.map(one_each, f, ranks(p)), {1, 0});
            for (int number = 0; number < 4; ++number) { // used last: those before it go
                fill(number);
                expect_seen(p.map(one_each, f, ranks(p)), {1, 0});
            }
            fill(5);
            fill(6); // unused for longest
            expect_seen(p.map(one_each, f, ranks(p)), {2, 1});
        });
        EXPECT_EQ(made, 2);
        EXPECT_EQ(ended, 2);
        // Nothing is kept: each call has its own.
        made = ended = 0;
        with_pool({.root = root, .cache_bytes = 0}, [](pool& p) {
            for (int call = 0; call < 4; ++call)
                expect_seen(p.map(one_each, mpimap::per_rank(make_mortal, 1), ranks(p)), {call + 1, call});
        });
        EXPECT_EQ(made, 4);
        EXPECT_EQ(ended, 4);
        expect_next_call_works(root);
    });
}

// ---------------------------------------------------------------- shared values

TEST(share, sends_a_value_once) {
    with_pool_of_each_root([](pool& p) {
        const table t(large / 8, 0.5);
        const long others = p.size() - 1;
        std::optional<mpimap::shared<table>> s;
        const long first = bytes_of([&] {
            s.emplace(p.share(t));
            expect_usable(p);
        });
        EXPECT_EQ(s->operator*(), t);
        EXPECT_EQ((*s)->size(), t.size());
        const auto look_up = [](std::size_t i, const table& x) { return x.at(i) + static_cast<double>(i); };
        const auto expected = [](std::size_t n) {
            std::vector<double> all;
            for (std::size_t i = 0; i < n; ++i)
                all.push_back(0.5 + static_cast<double>(i));
            return all;
        };
        const std::size_t n = 5 * static_cast<std::size_t>(p.size());
        const long later = bytes_of([&] {
            for (int call = 0; call < 5; ++call) {
                EXPECT_EQ(p.map(one_each, look_up, mpimap::indices(n), *s), expected(n));
                EXPECT_EQ(p.amap(look_up, mpimap::indices(n), *s).get(), expected(n));
                std::vector<double> got;
                for (const double y : p.imap(look_up, mpimap::indices(n), *s))
                    got.push_back(y);
                EXPECT_EQ(got, expected(n));
            }
        });
        // Whenever it goes: once to each other rank.
        EXPECT_GE(first + later, direct(others) * large);
        EXPECT_LT(first + later, direct(others) * large + others * 100'000 + 10'000);
        // A copy of the handle keeps it.
        {
            const mpimap::shared<table> copy = *s;
            s.reset();
            EXPECT_LT(
                bytes_of([&] { EXPECT_EQ(p.map(one_each, look_up, mpimap::indices(n), copy), expected(n)); }),
                others * 20'000 + 10'000);
        }
        expect_usable(p);
    });
}

TEST(share, a_value_that_was_released_is_sent_again) {
    with_pool_of_each_root([](pool& p) {
        const long others = p.size() - 1;
        auto s = p.share(table(large / 8, 2.0));
        const auto at = [](std::size_t i, const table& t) { return t.at(i); };
        const table twos(static_cast<std::size_t>(p.size()), 2.0);
        const auto call = [&] { EXPECT_EQ(p.map(one_each, at, ranks(p), s), twos); };
        call();
        EXPECT_LT(bytes_of(call), others * 20'000 + 10'000);
        auto in_flight = p.amap(at, mpimap::indices(100), s);
        s.release();
        s.release();
        EXPECT_EQ(in_flight.get(), table(100, 2.0));
        // From now on it is a constant like others: sent with the first call, known in the second.
        const long again = bytes_of(call);
        EXPECT_GE(again, direct(others) * large);
        EXPECT_LT(again, others * (large + 50'000) + 10'000);
        EXPECT_LT(bytes_of(call), others * 20'000 + 10'000);
        // The caller's object is another one.
        table mine(10, 1.0);
        const auto own = p.share(mine);
        mine.assign(10, -1.0);
        EXPECT_EQ(p.map(at, mpimap::indices(10), own), table(10, 1.0));
        // Two of them in one call.
        const auto add = [](std::size_t i, const table& a, const table& b) { return a.at(i) + b.at(i); };
        EXPECT_EQ(p.map(one_each, add, mpimap::indices(10), own, s), table(10, 3.0));
    });
}

TEST(share, handles_may_outlive_the_pool) {
    std::optional<mpimap::shared<table>> s;
    {
        pool p(comm());
        if (p) {
            s.emplace(p.share(table(10, 2.0)));
            p.close();
        }
    }
    if (s) {
        EXPECT_EQ((*s)->size(), 10U);
        const mpimap::shared<table> copy = *s;
        s.reset();
    }
    expect_next_call_works();
}

// ---------------------------------------------------------------- what is not sent again

struct model {
    table weights;
    double operator()(std::size_t i) const { return weights.at(i) + static_cast<double>(i); }
};

TEST(cache, the_same_function_and_constant_are_sent_once) {
    with_pool_of_each_root([](pool& p) {
        const long others = p.size() - 1;
        model m{table(large / 8, 0.5)};
        const auto once = [&](const auto& call) {
            const long first = bytes_of(call);
            EXPECT_GE(first, direct(others) * large);
            EXPECT_LT(first, direct(others) * large + others * 50'000 + 10'000);
            for (int i = 0; i < 3; ++i)
                EXPECT_LT(bytes_of(call), others * 20'000 + 10'000);
        };
        once([&] { EXPECT_EQ(p.map(one_each, m, ranks(p)).back(), 0.5 + p.size() - 1); });
        // Changed in one place, it is another one.
        m.weights.at(static_cast<std::size_t>(p.size() - 1)) = 7.5;
        once([&] { EXPECT_EQ(p.map(one_each, m, ranks(p)).back(), 7.5 + p.size() - 1); });
        // An equal one is the same.
        const model equal = m;
        EXPECT_LT(bytes_of([&] { (void)p.map(one_each, equal, ranks(p)); }), others * 20'000 + 10'000);
        // Constants, too.
        table t(large / 8, 1.5);
        const auto at = [](std::size_t i, const table& x) { return x.at(i); };
        once([&] { EXPECT_EQ(p.map(one_each, at, ranks(p), mpimap::broadcast(t)).back(), 1.5); });
        t.at(static_cast<std::size_t>(p.size() - 1)) = -1;
        once([&] { EXPECT_EQ(p.map(one_each, at, ranks(p), mpimap::broadcast(t)).back(), -1.0); });
    });
}

TEST(cache, nobody_waits_for_a_rank_that_is_in_an_item) {
    with_pool_of_each_root([](pool& p) {
        // One rank is in an item of a call that is over, others have to pass on what all need.
        const auto nap = [](std::size_t i) {
            if (i == 0)
                std::this_thread::sleep_for(std::chrono::milliseconds(300));
            return i;
        };
        {
            auto few = p.uimap({.chunk = 1}, nap, mpimap::indices(10));
            auto at = few.begin();
            ++at;
        } // what is left is cancelled
        for (int number = 0; number < 4; ++number) {
            const model m{table(large / 8, number)};
            EXPECT_EQ(p.map({.chunk = 1}, m, mpimap::indices(50)).back(), number + 49.0);
            auto s = p.share(m);
            EXPECT_EQ(
                p.map([](std::size_t i, const model& x) { return x(i); }, mpimap::indices(50), s).back(),
                number + 49.0);
        }
        expect_usable(p);
    });
}

/// Waits until as many items have begun as `weights` says.
struct begins_with_the_others {
    table weights;
    int operator()(std::size_t) const {
        ++shared_counter::value();
        return shared_counter::wait_for(static_cast<int>(weights.back())) ? 1 : 0;
    }
};

TEST(cache, ranks_pass_on_before_they_begin_an_item) {
    const shared_counter begun;
    with_pool([](pool& p) {
        // Longer than what is under way at a time; and on a rank that is promised its items nobody looks at
        // messages meanwhile.
        const begins_with_the_others f{table(40 * large / 8, p.size())};
        const std::vector<int> all = p.map(one_each, f, ranks(p));
        EXPECT_EQ(all, std::vector<int>(all.size(), 1));
    });
}

TEST(cache, ranks_that_pass_on_leave_when_they_have) {
    // The pool is closed while large parts are on their way.
    with_pool_of_each_root([](pool& p) {
        const auto s = p.share(table(20 * large / 8, 1.0));
        const auto one = p.amap([](std::size_t i, const table& x) { return x.at(i); },
                                mpimap::indices(3 * static_cast<std::size_t>(p.size())), s);
        p.close();
    });
    expect_next_call_works();
}

TEST(cache, an_axis_is_sent_once_wherever_it_stands) {
    with_pool_of_each_root([](pool& p) {
        const long others = p.size() - 1;
        const table xs(large / 8, 0.5);
        const mpimap::options row_each{.schedule = schedule::static_, .chunk = xs.size()};
        const auto f = [](std::size_t i, double x) { return x * static_cast<double>(i); };
        const auto sum = [&](std::size_t n) { return 0.25 * static_cast<double>(xs.size() * n * (n - 1)); };
        const auto n = static_cast<std::size_t>(p.size());
        const auto rows = [&](const table& axis) {
            return bytes_of([&] {
                EXPECT_EQ(p.map_reduce(row_each, std::plus<>(), 0.0, f, mpimap::grid(ranks(p), axis)),
                          sum(n));
            });
        };
        const long first = rows(xs);
        EXPECT_GE(first, direct(others) * large);
        EXPECT_LT(first, direct(others) * large + others * 50'000 + 10'000);
        EXPECT_LT(rows(xs), others * 50'000 + 10'000);
        EXPECT_LT(rows(table(xs)), others * 50'000 + 10'000); // equal ones are the same
        const auto swapped = [](double x, std::size_t i) { return x * static_cast<double>(i); };
        EXPECT_LT(bytes_of([&] {
                      EXPECT_EQ(p.map_reduce(row_each, std::plus<>(), 0.0, swapped,
                                             mpimap::grid(xs, mpimap::indices(n + 1))),
                                sum(n + 1));
                  }),
                  others * 50'000 + 10'000);
    });
}

TEST(cache, a_small_call_needs_few_messages) {
    with_pool([](pool& p) {
        const auto f = [](std::size_t i) { return i; };
        (void)p.map(one_each, f, ranks(p));
        const long before = sends;
        for (int i = 0; i < 10; ++i)
            (void)p.map(one_each, f, ranks(p));
        // For each rank and call: the call, its item, its end; and a part that is forgotten now and then.
        EXPECT_LE(sends - before, 10 * 4 * (p.size() - 1));
    });
}

TEST(cache, is_bounded) {
    with_pool_of_each_root({.cache_bytes = 2 * large}, [](pool& p) {
        const long others = p.size() - 1;
        const auto call = [&](int number) {
            const model m{table(large / 8, number)};
            return bytes_of([&] { EXPECT_EQ(p.map(one_each, m, ranks(p)).front(), number); });
        };
        for (int number = 0; number < 6; ++number)
            EXPECT_GE(call(number), direct(others) * large);
        EXPECT_LT(call(5), others * 20'000 + 10'000); // the last one is there
        EXPECT_GE(call(0), direct(others) * large);   // the first one had to go
        expect_usable(p);
    });
    with_pool_of_each_root({.cache_bytes = 0}, [](pool& p) {
        for (int i = 0; i < 3; ++i) {
            const model m{table(1000, i)};
            EXPECT_EQ(p.map(one_each, m, ranks(p)).front(), i);
        }
        const auto s = p.share(table(1000, 3.0)); // held by a handle: kept
        EXPECT_EQ(p.map(
                       one_each, [](std::size_t, const table& t) { return t.back(); }, ranks(p), s)
                      .front(),
                  3.0);
        expect_usable(p);
    });
}

TEST(cache, of_many_functions_is_bounded) {
    with_pool([](pool& p) {
        // Far fewer bytes than pool_options::cache_bytes: it is their number that counts.
        constexpr long bytes = 4000;
        using block = std::array<char, bytes>;
        const auto call = [&p](int i) {
            const auto add = [i, b = block()](std::size_t k) { return static_cast<int>(k) + i + b.back(); };
            return bytes_of([&] { EXPECT_EQ(p.map(one_each, add, ranks(p)).back(), p.size() - 1 + i); });
        };
        const long others = p.size() - 1;
        for (int i = 0; i < 3000; ++i) {
            ASSERT_GE(call(i), others * bytes);
        }
        EXPECT_LT(call(2999), others * bytes / 2 + 1); // the last ones are there
        EXPECT_LT(call(2800), others * bytes / 2 + 1);
        EXPECT_GE(call(0), others * bytes); // the first ones had to go
        EXPECT_GE(call(1), others * bytes);
        expect_usable(p);
    });
}

} // namespace
