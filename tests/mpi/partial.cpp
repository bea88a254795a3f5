// What is delivered when not all has run: each item's result, or why there is none, and how many are done.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/serialization/string.hpp>
#include <boost/serialization/vector.hpp>
#include <gtest/gtest.h>

#include "../pool_test.hpp"

namespace {

using namespace mpimap_test;
using mpimap::failure_kind;

// ---------------------------------------------------------------- results of all kinds

class labelled {
  public:
    labelled() = default;
    labelled(std::string name, std::vector<int> values)
        : name_(std::move(name)), values_(std::move(values)) {}
    friend bool operator==(const labelled&, const labelled&) = default;

  private:
    std::string name_;
    std::vector<int> values_;
    friend class boost::serialization::access;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& name_;
        archive& values_;
    }
};
struct block { // goes as bytes, a chunk of them in a message of its own
    int x[2000];
    friend bool operator==(const block&, const block&) = default;
};

template <typename R>
R value_of(int x) {
    if constexpr (std::is_same_v<R, int>) {
        return 7 * x + 1;
    } else if constexpr (std::is_same_v<R, std::string>) {
        return "the result of item " + std::to_string(x);
    } else if constexpr (std::is_same_v<R, labelled>) {
        return labelled("item " + std::to_string(x), std::vector<int>(5, x));
    } else if constexpr (std::is_same_v<R, std::vector<double>>) {
        return std::vector<double>(9000, x); // its array is received where it stays
    } else {
        block b{};
        for (int i = 0; i < 2000; ++i)
            b.x[i] = x + i;
        return b;
    }
}

/// Calls `test(R{}, ...)`.
template <typename Test>
void for_each_kind_of_result(const Test& test) {
    const auto one = [&](const char* name, auto empty) {
        SCOPED_TRACE(name);
        test(empty);
    };
    one("int", int{});
    one("string", std::string());
    one("serialize", labelled());
    one("vector", std::vector<double>());
    one("block", block{});
}

// ---------------------------------------------------------------- items that stop their call

// The root's counts; on other ranks it stops nothing.
std::stop_source stopping;
long stop_at_run = 0;             // the run in this process that asks for the stop
int throws_at = -1;               // the items that throw, modulo 10
std::atomic<int> first_throws{0}; // so many of these in this process, and then no more
int pause_us = 0;

struct plan {
    long stop_at = 0;
    int throws = -1;
    int first = 1'000'000;
    int pause = 100;
};

/// Before a call, on every rank.
std::stop_token begin(const plan& p) {
    stopping = std::stop_source();
    stop_at_run = p.stop_at;
    throws_at = p.throws;
    first_throws = p.first;
    pause_us = p.pause;
    runs = 0;
    return stopping.get_token();
}

template <typename R>
R work(int x) {
    if (++runs == stop_at_run)
        stopping.request_stop();
    if (pause_us != 0)
        std::this_thread::sleep_for(std::chrono::microseconds(pause_us));
    if (x % 10 == throws_at && first_throws-- > 0)
        throw std::domain_error("item " + std::to_string(x));
    return value_of<R>(x);
}
void work_without_result(int x) {
    (void)work<int>(x);
}

// ---------------------------------------------------------------- how a call ends

struct ending {
    std::string how = "well";
    std::string text;
    std::size_t done = 0;
    std::size_t failed = 0;
    std::size_t items = 0;
    std::vector<mpimap::index_range> completed;
    std::vector<mpimap::task_error> errors;

    [[nodiscard]] bool whole() const { return how == "well"; }
    [[nodiscard]] bool completed_has(std::size_t i) const {
        for (const mpimap::index_range& r : completed) {
            if (r.first <= i && i < r.last)
                return true;
        }
        return false;
    }
    [[nodiscard]] bool threw(std::size_t i) const {
        for (const mpimap::task_error& e : errors) {
            if (e.index() == i)
                return true;
        }
        return false;
    }
};

template <typename Call>
ending end_of(const Call& call) {
    ending e;
    try {
        call();
    } catch (const mpimap::map_error& error) {
        e = {"map_error",   error.what(),      error.done(),  error.failed(),
             error.items(), error.completed(), error.errors()};
        EXPECT_NE(e.failed, 0U);
    } catch (const mpimap::cancelled& error) {
        e = {"cancelled", error.what(), error.done(), 0, 0, error.completed(), {}};
    } catch (const std::exception& error) {
        ADD_FAILURE() << "another exception: " << error.what();
    }
    return e;
}

/// On the root: what is told of n items is consistent.
void expect_consistent(const ending& e, std::size_t n) {
    if (e.whole())
        return;
    std::size_t sum = 0;
    std::size_t end = 0;
    for (const mpimap::index_range& r : e.completed) {
        EXPECT_LT(r.first, r.last);
        EXPECT_TRUE(sum == 0 ? r.first >= end : r.first > end) << "ranges touch at " << r.first;
        end = r.last;
        sum += r.size();
    }
    EXPECT_LE(end, n);
    EXPECT_EQ(sum, e.done);
    EXPECT_EQ(e.errors.size(), e.failed);
    std::set<std::size_t> failed;
    for (const mpimap::task_error& error : e.errors) {
        EXPECT_EQ(error.kind(), failure_kind::threw);
        EXPECT_TRUE(failed.insert(error.index()).second) << error.index();
        EXPECT_FALSE(e.completed_has(error.index())) << error.index();
    }
    if (e.how == "cancelled") {
        EXPECT_EQ(e.text, "mpimap: the call was cancelled: " + std::to_string(e.done) + " of " +
                              std::to_string(n) + (n == 1 ? " item had run" : " items had run"));
        EXPECT_LT(e.done, n);
    }
}

/// Behind a collective call, on every rank.
void expect_told_alike(const ending& e, int root, std::size_t n) {
    EXPECT_TRUE(same_everywhere(e.how + e.text + std::to_string(e.done) + "," + std::to_string(e.failed)));
    if (rank() == root) {
        expect_consistent(e, n);
    } else {
        EXPECT_TRUE(e.completed.empty());
    }
    const auto ran = static_cast<std::size_t>(sum_over_ranks(runs));
    EXPECT_EQ(ran, e.whole() ? n : e.done + e.failed);
}

/// What a range that was filled with value_of(-1) has: results where it should, and nothing elsewhere.
template <typename Range>
void expect_filled(const ending& e, const Range& out) {
    using R = typename Range::value_type;
    std::size_t i = 0;
    for (const R& r : out) {
        const bool there = e.whole() || e.completed_has(i);
        EXPECT_TRUE(r == value_of<R>(there ? static_cast<int>(i) : -1))
            << "item " << i << ", done: " << there;
        ++i;
    }
}

/// Outcomes of try_map at the root: the number that ran.
template <typename R>
std::size_t expect_outcomes(const std::vector<mpimap::expected<R, mpimap::task_error>>& all,
                            int throws = -1) {
    std::size_t ran = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const int x = static_cast<int>(i);
        if (all[i].has_value()) {
            ++ran;
            EXPECT_TRUE(*all[i] == value_of<R>(x)) << i;
            EXPECT_NE(x % 10, throws);
            continue;
        }
        const mpimap::task_error& e = all[i].error();
        EXPECT_EQ(e.index(), i);
        if (e.kind() == failure_kind::threw) {
            ++ran;
            EXPECT_EQ(x % 10, throws);
            EXPECT_EQ(e.what(), "item " + std::to_string(x));
            EXPECT_GE(e.rank(), 0);
        } else {
            EXPECT_EQ(e.type(), "mpimap::cancelled");
            EXPECT_EQ(e.what(), "the call was stopped before the item had run");
            EXPECT_EQ(e.rank(), -1);
            EXPECT_THROW(e.rethrow(), mpimap::cancelled);
        }
    }
    return ran;
}

const std::vector<int> xs = count_to(60);
const std::size_t n = xs.size();

/// Runs of the root at which it asks for a stop: at once, in the middle, towards the end.
std::vector<long> stops() {
    return {1, 5, static_cast<long>(n) / size()};
}
/// Each schedule with each of them.
template <typename Test>
void for_each_stop(int root, const Test& test) {
    for_each_schedule(root, [&](const mpimap::options& o) {
        for (const long stop_at : stops()) {
            SCOPED_TRACE("stopped by the root's run " + std::to_string(stop_at));
            test(o, stop_at);
        }
    });
}
/// The same for each kind of result, whose schedules take turns.
template <typename Test>
void for_each_kind_and_stop(int root, const Test& test) {
    std::size_t turn = 0;
    for_each_kind_of_result([&](auto empty) {
        for_each_schedule(root, [&](const mpimap::options& o) {
            const long stop_at = stops()[turn++ % 3];
            SCOPED_TRACE("stopped by the root's run " + std::to_string(stop_at));
            test(empty, o, stop_at);
        });
        ++turn;
    });
}

} // namespace

// ---------------------------------------------------------------- try_map

TEST(partial, try_map_returns_after_a_stop) {
    for_each_kind_and_stop(other_root(), [&](auto empty, mpimap::options o, long stop_at) {
        using R = decltype(empty);
        for (const int throws : {-1, 3}) {
            o.stop = begin({.stop_at = stop_at, .throws = throws});
            const auto all = mpimap::mpi_try_map(comm(), o, work<R>, xs);
            EXPECT_EQ(all.size(), rank() == o.root ? n : 0);
            const long ran = static_cast<long>(expect_outcomes(all, throws));
            EXPECT_EQ(sum_over_ranks(runs), sum_over_ranks(ran));
        }
    });
    expect_next_call_works();
}

TEST(partial, try_map_everywhere_gives_all_ranks_the_same) {
    for_each_stop(0, [&](mpimap::options o, long stop_at) {
        o.results = mpimap::results::everywhere;
        o.stop = begin({.stop_at = stop_at, .throws = 7});
        const auto all = mpimap::mpi_try_map(comm(), o, work<std::string>, xs);
        EXPECT_EQ(all.size(), n);
        EXPECT_EQ(sum_over_ranks(runs), static_cast<long>(expect_outcomes(all, 7)));
        std::string text;
        for (const auto& r : all) {
            text += r.has_value() ? *r
                                  : r.error().what() + std::to_string(static_cast<int>(r.error().kind())) +
                                        std::to_string(r.error().rank());
        }
        EXPECT_TRUE(same_everywhere(text));
    });
}

TEST(partial, a_stop_before_the_call_runs_nothing) {
    for_each_schedule(other_root(), [&](mpimap::options o) {
        o.stop = begin({.pause = 0});
        stopping.request_stop();
        const auto all = mpimap::mpi_try_map(comm(), o, work<int>, xs);
        for (const auto& r : all) {
            EXPECT_FALSE(r.has_value());
            EXPECT_EQ(r.error().kind(), failure_kind::not_run);
        }
        EXPECT_EQ(sum_over_ranks(runs), 0);
        const ending e = end_of([&] { (void)mpimap::mpi_map(comm(), o, work<int>, xs); });
        EXPECT_EQ(e.how, "cancelled");
        EXPECT_EQ(e.done, 0U);
        expect_told_alike(e, o.root, n);
    });
}

TEST(partial, a_stop_by_the_last_item_leaves_nothing_undone) {
    if (size() != 1)
        GTEST_SKIP() << "which item is the last is known on one rank";
    for_each_schedule(0, [&](mpimap::options o) {
        o.stop = begin({.stop_at = static_cast<long>(n), .pause = 0});
        EXPECT_EQ(mpimap::mpi_map(comm(), o, work<int>, xs), serial(value_of<int>, xs));
    });
}

TEST(partial, what_was_handed_out_is_told_from_what_was_not) {
    // One rank: what is behind the item that stops the call is in the same chunk, or in none.
    if (size() == 1) {
        for (const bool one_chunk : {true, false}) {
            mpimap::options o{.schedule = mpimap::schedule::dynamic, .chunk = one_chunk ? n : 1};
            o.stop = begin({.stop_at = 1, .pause = 1000});
            const auto all = mpimap::mpi_try_map(comm(), o, work<int>, xs);
            EXPECT_TRUE(all.front().has_value());
            EXPECT_FALSE(all.back().has_value());
            for (const auto& r : all) {
                if (!r.has_value()) {
                    EXPECT_EQ(r.error().kind(), one_chunk ? failure_kind::cancelled : failure_kind::not_run);
                }
            }
        }
        return;
    }
    // Several: the last chunk of each is in their hands when one of them stops, though the items are long.
    mpimap::options o{.schedule = mpimap::schedule::dynamic, .chunk = n};
    o.stop = begin({.pause = 3000});
    std::optional<std::jthread> later;
    if (rank() == 0) {
        later.emplace([] {
            rest(40);
            stopping.request_stop();
        });
    }
    const auto all = mpimap::mpi_try_map(comm(), o, work<int>, xs);
    if (rank() != 0)
        return;
    const bool begun = all.front().has_value(); // otherwise the stop came first
    for (const auto& r : all) {
        if (!r.has_value() && begun) {
            EXPECT_EQ(r.error().kind(), failure_kind::cancelled);
        }
    }
}

// ---------------------------------------------------------------- calls that throw

TEST(partial, a_stop_is_told_with_what_is_done) {
    for_each_root([&](int root) {
        for_each_stop(root, [&](mpimap::options o, long stop_at) {
            o.stop = begin({.stop_at = stop_at});
            const ending mapped = end_of([&] { (void)mpimap::mpi_map(comm(), o, work<std::string>, xs); });
            EXPECT_TRUE(mapped.whole() || mapped.how == "cancelled");
            expect_told_alike(mapped, root, n);

            o.stop = begin({.stop_at = stop_at});
            expect_told_alike(end_of([&] { mpimap::mpi_for_each(comm(), o, work_without_result, xs); }), root,
                              n);
        });
    });
    expect_next_call_works();
}

TEST(partial, a_stop_of_a_reduction_is_told_with_what_is_done) {
    const std::vector<int> many = count_to(3000); // several blocks of the tree
    for_each_stop(other_root(), [&](mpimap::options o, long stop_at) {
        // An operation that minds what it is given: neighbours.
        const auto join = [](const std::pair<int, int>& a, const std::pair<int, int>& b) {
            if (a.first == a.second)
                return b;
            if (a.second != b.first)
                throw std::logic_error("no neighbours");
            return std::pair(a.first, b.second);
        };
        const auto one = [](int x) {
            (void)work<int>(x);
            return std::pair(x, x + 1);
        };
        o.stop = begin({.stop_at = 10 * stop_at, .pause = 2});
        const ending e = end_of([&] {
            const auto all = mpimap::mpi_map_reduce(comm(), o, join, std::pair(0, 0), one, many);
            EXPECT_EQ(all, rank() == o.root ? std::pair(0, 3000) : std::pair(0, 0));
        });
        EXPECT_TRUE(e.whole() || e.how == "cancelled") << e.text;
        expect_told_alike(e, o.root, many.size());
    });
}

TEST(partial, a_failure_is_told_with_what_is_done) {
    for_each_schedule(other_root(), [&](mpimap::options o) {
        for (const mpimap::on_error on_error : {mpimap::on_error::stop, mpimap::on_error::collect}) {
            o.on_error = on_error;
            begin({.throws = 4});
            const ending e = end_of([&] { (void)mpimap::mpi_map(comm(), o, work<labelled>, xs); });
            EXPECT_EQ(e.how, "map_error");
            EXPECT_EQ(e.items, n);
            expect_told_alike(e, o.root, n);
            if (on_error == mpimap::on_error::collect) {
                EXPECT_EQ(e.failed, 6U);
                EXPECT_EQ(e.done, n - 6);
            } else if (e.done != 0 && e.done + e.failed != n) {
                EXPECT_CONTAINS(e.text, std::to_string(e.failed) + " of 60 item");
                EXPECT_CONTAINS(e.text,
                                ", " + std::to_string(e.done) + (e.done == 1 ? " is done" : " are done"));
            }
        }
    });
}

TEST(partial, a_stop_while_items_throw_is_a_map_error) {
    for_each_stop(0, [&](mpimap::options o, long stop_at) {
        for (const mpimap::on_error on_error : {mpimap::on_error::stop, mpimap::on_error::collect}) {
            o.on_error = on_error;
            o.stop = begin({.stop_at = stop_at, .throws = 0});
            const ending e = end_of([&] { (void)mpimap::mpi_map(comm(), o, work<int>, xs); });
            EXPECT_FALSE(e.whole());
            expect_told_alike(e, 0, n);
        }
    });
    expect_next_call_works();
}

TEST(partial, with_attempts_each_item_is_done_once_or_has_failed) {
    for_each_kind_and_stop(other_root(), [&](auto empty, mpimap::options o, long stop_at) {
        using R = decltype(empty);
        for (const mpimap::on_error on_error : {mpimap::on_error::stop, mpimap::on_error::collect}) {
            o.on_error = on_error;
            o.attempts = 3;
            // The first run of some items throws, another is good.
            o.stop = begin({.stop_at = stop_at, .throws = 2, .first = 2, .pause = 20});
            std::vector<R> out(n, value_of<R>(-1));
            const ending e = end_of([&] { mpimap::mpi_map_into(comm(), o, work<R>, out, xs); });
            EXPECT_TRUE(same_everywhere(e.how + e.text + std::to_string(e.done)));
            if (rank() == o.root) {
                expect_consistent(e, n);
                expect_filled(e, out);
            }
            const auto ran = static_cast<std::size_t>(sum_over_ranks(runs));
            EXPECT_GE(ran, e.whole() ? n : e.done + e.failed);
            EXPECT_LE(ran, (e.whole() ? n : e.done + e.failed) + 2 * static_cast<std::size_t>(size()));
        }
    });
}

TEST(partial, an_item_that_threw_and_waits_for_another_attempt_has_failed) {
    // The stop comes with the failure: what is to run again, does not.
    mpimap::options o{.schedule = mpimap::schedule::dynamic, .chunk = 1};
    o.attempts = 1000;
    o.retry_if = [](const mpimap::task_error&) {
        stopping.request_stop();
        return true;
    };
    o.stop = begin({.throws = 5});
    const ending e = end_of([&] { (void)mpimap::mpi_map(comm(), o, work<int>, xs); });
    EXPECT_EQ(e.how, "map_error");
    if (rank() == 0) {
        expect_consistent(e, n);
        for (const mpimap::task_error& error : e.errors) {
            EXPECT_EQ(error.index() % 10, 5U);
            EXPECT_EQ(error.type(), "std::domain_error");
        }
    }
    o.stop = begin({.throws = 5});
    const auto all = mpimap::mpi_try_map(comm(), o, work<int>, xs);
    EXPECT_EQ(all.size(), rank() == 0 ? n : 0);
    expect_outcomes(all, 5);
}

// ---------------------------------------------------------------- map_into

TEST(partial, map_into_has_filled_what_is_done_and_nothing_else) {
    for_each_kind_and_stop(0, [&](auto empty, mpimap::options o, long stop_at) {
        using R = decltype(empty);
        for (const auto& [throws, on_error] :
             {std::pair(-1, mpimap::on_error::stop), std::pair(6, mpimap::on_error::stop),
              std::pair(6, mpimap::on_error::collect)}) {
            o.on_error = on_error;
            o.stop = begin({.stop_at = stop_at, .throws = throws, .pause = 30});
            std::vector<R> out(n, value_of<R>(-1));
            const ending e = end_of([&] { mpimap::mpi_map_into(comm(), o, work<R>, out, xs); });
            expect_told_alike(e, 0, n);
            if (rank() == 0)
                expect_filled(e, out);
        }
    });
}

TEST(partial, map_into_of_failures_has_all_the_others) {
    for_each_kind_of_result([&](auto empty) {
        using R = decltype(empty);
        for_each_schedule(other_root(), [&](mpimap::options o) {
            o.on_error = mpimap::on_error::collect;
            begin({.throws = 6, .pause = 0});
            std::list<R> out(n, value_of<R>(-1)); // assigned one by one at the end
            const ending one_by_one = end_of([&] { mpimap::mpi_map_into(comm(), o, work<R>, out, xs); });
            EXPECT_EQ(one_by_one.done, n - 6);
            expect_told_alike(one_by_one, o.root, n);
            begin({.throws = 6, .pause = 0});
            std::vector<R> in_place(n, value_of<R>(-1));
            const ending at_once = end_of([&] { mpimap::mpi_map_into(comm(), o, work<R>, in_place, xs); });
            EXPECT_EQ(at_once.done, n - 6);
            expect_told_alike(at_once, o.root, n);
            if (rank() == o.root) {
                expect_filled(one_by_one, out);
                expect_filled(at_once, in_place);
            }
        });
    });
}

namespace {

/// An output that takes so many and then no more.
struct full : std::runtime_error {
    full() : std::runtime_error("full") {}
};
struct narrow {
    std::string text;
    static inline int room = 0;
    narrow& operator=(const std::string& s) {
        if (room-- == 0)
            throw full();
        text = s;
        return *this;
    }
    narrow() = default;
    narrow(const narrow&) = default;
    narrow(narrow&&) = default;
    explicit narrow(std::string s) : text(std::move(s)) {}
    narrow& operator=(const narrow& other) { return *this = other.text; }
    narrow& operator=(narrow&& other) { return *this = other.text; }
};

} // namespace

TEST(partial, map_into_an_output_that_throws_is_done_up_to_there) {
    for (const int room : {0, 1, 17}) {
        begin({.pause = 0});
        narrow::room = room;
        std::vector<narrow> out(n);
        const ending e = end_of([&] { mpimap::mpi_map_into(comm(), {}, work<std::string>, out, xs); });
        EXPECT_EQ(e.how, "map_error");
        EXPECT_EQ(e.failed, 1U);
        EXPECT_EQ(e.done, static_cast<std::size_t>(room));
        EXPECT_TRUE(same_everywhere(e.text + std::to_string(e.done)));
        if (rank() == 0) {
            expect_consistent(e, n);
            EXPECT_TRUE(e.threw(static_cast<std::size_t>(room)));
            for (std::size_t i = 0; i < n; ++i) {
                const bool there = i < static_cast<std::size_t>(room);
                EXPECT_EQ(out[i].text, there ? value_of<std::string>(static_cast<int>(i)) : "");
            }
        }
    }
    // The same where only some are done.
    for_each_schedule(0, [&](mpimap::options o) {
        o.on_error = mpimap::on_error::collect;
        begin({.throws = 1, .pause = 0});
        narrow::room = 20;
        std::list<narrow> out(n);
        const ending e = end_of([&] { mpimap::mpi_map_into(comm(), o, work<std::string>, out, xs); });
        EXPECT_EQ(e.done, 20U);
        if (rank() == 0)
            expect_consistent(e, n);
    });
    expect_next_call_works();
}

// ---------------------------------------------------------------- results that cannot be read

namespace {

/// Cannot be read at the root, for some items.
struct unreadable {
    int x = 0;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& x;
        if (Archive::is_loading::value && x % 10 == 8)
            throw std::runtime_error("not to be read");
    }
};
unreadable hardly(int x) {
    (void)work<int>(x);
    return {x};
}

} // namespace

TEST(partial, results_that_cannot_be_read_are_told_as_failures) {
    for_each_schedule(0, [&](mpimap::options o) {
        for (const int throws : {-1, 9}) {
            o.on_error = mpimap::on_error::collect;
            o.stop = begin({.throws = throws, .pause = 0});
            std::vector<unreadable> out(n, unreadable{-1});
            const ending e = end_of([&] { mpimap::mpi_map_into(comm(), o, hardly, out, xs); });
            EXPECT_TRUE(same_everywhere(e.text + std::to_string(e.done)));
            if (rank() == 0) {
                expect_consistent(e, n);
                EXPECT_EQ(e.whole() ? n : e.done + e.failed, n);
                for (std::size_t i = 0; i < n; ++i) {
                    const bool there = e.whole() || e.completed_has(i);
                    EXPECT_NE(there, e.threw(i));
                    EXPECT_EQ(out[i].x, there ? static_cast<int>(i) : -1);
                }
            }
            // In the middle of all that a stop.
            o.stop = begin({.stop_at = 9, .throws = throws, .pause = 20});
            const auto all = mpimap::mpi_try_map(comm(), o, hardly, xs);
            for (std::size_t i = 0; i < all.size(); ++i) {
                if (all[i].has_value()) {
                    EXPECT_EQ(all[i]->x, static_cast<int>(i));
                }
            }
        }
    });
}

TEST(partial, behind_a_result_that_cannot_be_read_items_are_given_up_after_a_stop) {
    if (size() == 1)
        GTEST_SKIP() << "results do not travel";
    begin({.pause = 3000});
    with_pool({.root_computes = false}, [&](mpimap::pool& p) {
        const std::jthread later([] {
            rest(40);
            stopping.request_stop();
        });
        const auto all = p.try_map(
            {.schedule = mpimap::schedule::dynamic, .chunk = n, .stop = stopping.get_token()}, hardly, xs);
        for (std::size_t i = 0; i < n; ++i) {
            // The one chunk was handed out, if the stop did not come first.
            if (all.front().has_value() && !all[i].has_value() && i % 10 != 8) {
                // A rank that was kept from its core for long has given items back: then they were not run.
                EXPECT_NE(all[i].error().kind(), failure_kind::threw) << i;
            }
        }
    });
}

// ---------------------------------------------------------------- pools

TEST(partial, calls_of_a_pool_deliver_alike) {
    for_each_stop(other_root(), [&](mpimap::options o, long stop_at) {
        const mpimap::pool_options where{.root = std::exchange(o.root, 0)};
        for (const int throws : {-1, 3}) {
            ending e;
            std::size_t ran = 0;
            const auto count = [&] { return static_cast<std::size_t>(sum_over_ranks(runs)); };
            const auto told = [&] {
                if (rank() == where.root)
                    expect_consistent(e, n);
                ran = e.whole() && rank() == where.root ? n : e.done + e.failed;
                EXPECT_EQ(count(), static_cast<std::size_t>(sum_over_ranks(static_cast<long>(ran))));
                e = ending();
            };
            o.stop = begin({.stop_at = stop_at, .throws = throws});
            with_pool(where, [&](mpimap::pool& p) {
                const auto all = p.try_map(o, work<std::string>, xs);
                EXPECT_EQ(all.size(), n);
                ran = expect_outcomes(all, throws);
            });
            EXPECT_EQ(count(), static_cast<std::size_t>(sum_over_ranks(static_cast<long>(ran))));

            o.stop = begin({.stop_at = stop_at, .throws = throws});
            with_pool(where, [&](mpimap::pool& p) {
                std::vector<std::string> out(n, value_of<std::string>(-1));
                e = end_of([&] { p.map_into(o, work<std::string>, out, xs); });
                expect_filled(e, out);
                o.stop = {};
            });
            told();

            o.stop = begin({.stop_at = stop_at, .throws = throws});
            with_pool(where, [&](mpimap::pool& p) { e = end_of([&] { (void)p.map(o, work<block>, xs); }); });
            told();

            o.stop = begin({.stop_at = stop_at, .throws = throws});
            with_pool(where,
                      [&](mpimap::pool& p) { e = end_of([&] { p.for_each(o, work_without_result, xs); }); });
            told();

            o.stop = begin({.stop_at = stop_at, .throws = throws});
            with_pool(where, [&](mpimap::pool& p) {
                e = end_of([&] { (void)p.map_reduce(o, std::plus<>{}, 0, work<int>, xs); });
            });
            told();

            o.stop = begin({.stop_at = stop_at, .throws = throws});
            with_pool(where, [&](mpimap::pool& p) {
                auto later = p.amap(o, work<int>, xs);
                e = end_of([&] { (void)later.get(); });
            });
            told();
        }
    });
}

TEST(partial, a_pool_is_usable_after_a_stop) {
    with_pool([&](mpimap::pool& p) {
        for (int i = 0; i < 30; ++i) {
            const mpimap::options o{.stop = begin({.stop_at = 1 + i % 7, .pause = 50})};
            (void)p.try_map(o, work<std::string>, xs);
            std::vector<int> out(n);
            (void)end_of([&] { p.map_into(o, work<int>, out, xs); });
        }
        begin({.pause = 0});
        expect_usable(p);
    });
}

TEST(partial, a_cancelled_future_tells_what_is_done) {
    const std::vector<int> many = count_to(3000); // more than are handed out at once
    begin({.pause = 1000});
    ending e;
    with_pool([&](mpimap::pool& p) {
        auto later = p.amap({.schedule = mpimap::schedule::dynamic, .chunk = 4}, work<std::string>, many);
        (void)later.wait_for(std::chrono::milliseconds(5));
        later.cancel();
        e = end_of([&] { (void)later.get(); });
        expect_consistent(e, many.size());
    });
    if (rank() == 0) {
        EXPECT_EQ(e.how, "cancelled");
    }
    const long told = rank() == 0 ? static_cast<long>(e.done) : 0;
    EXPECT_EQ(sum_over_ranks(runs), sum_over_ranks(told));
}

TEST(partial, starmap_tells_what_is_done) {
    std::vector<std::tuple<int>> tuples;
    for (const int x : xs)
        tuples.emplace_back(x);
    const mpimap::options o{.stop = begin({.stop_at = 3})};
    expect_told_alike(end_of([&] { (void)mpimap::mpi_starmap(comm(), o, work<int>, tuples); }), 0, n);
}

// ---------------------------------------------------------------- failures of no item

namespace {

/// Cannot be read on other ranks.
struct only_here {
    int made_by = rank();
    int operator()(int x) const { return work<int>(x); }
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& made_by;
        if (Archive::is_loading::value && rank() != made_by)
            throw std::runtime_error("not here");
    }
};

} // namespace

TEST(partial, a_failure_of_no_item_is_thrown_by_try_map_too) {
    if (size() == 1)
        GTEST_SKIP() << "the root reads its own copy";
    const mpimap::options o{.schedule = mpimap::schedule::static_, .stop = begin({.stop_at = 2})};
    const ending e = end_of([&] { (void)mpimap::mpi_try_map(comm(), o, only_here(), xs); });
    EXPECT_EQ(e.how, "map_error");
    EXPECT_TRUE(same_everywhere(e.text + std::to_string(e.done)));
    EXPECT_EQ(static_cast<std::size_t>(sum_over_ranks(runs)), e.done);
    expect_next_call_works();
}
