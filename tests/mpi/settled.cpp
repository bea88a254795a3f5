// What becomes of each item is told once, on the root, in every kind of call.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <mpimap/mpimap.hpp>

#include "call/settled.hpp"
#include "mpi_test.hpp"
#include "pool_test.hpp"

namespace {

using mpimap::detail::settled_items;
using mpimap::detail::settlement;
using mpimap_test::comm;
using mpimap_test::for_each_schedule;
using mpimap_test::other_root;
using mpimap_test::rank;
using mpimap_test::size;
using mpimap_test::with_pool;

/// Hears of all calls while it lives.
class watch final : public mpimap::detail::settled_observer {
  public:
    watch() { mpimap::detail::observe_settled(this); }
    ~watch() override { mpimap::detail::observe_settled(nullptr); }
    watch(const watch&) = delete;
    watch& operator=(const watch&) = delete;

    void settled(const settled_items& what) noexcept override {
        const std::lock_guard lock(mutex_);
        seconds_ += what.seconds;
        for (std::size_t i = what.items.first; i < what.items.end(); ++i)
            told_[i].push_back(what);
    }

    /// Of so many items each once, on the root; on other ranks nothing. Where and how often they ran makes
    /// sense.
    void expect_each_once(std::size_t items, int root) const {
        if (rank() != root) {
            EXPECT_TRUE(told_.empty());
            return;
        }
        EXPECT_EQ(told_.size(), items);
        for (const auto& [item, all] : told_) {
            EXPECT_LT(item, items);
            EXPECT_EQ(all.size(), 1U) << "item " << item;
            const settled_items& what = all.front();
            if (what.how == settlement::not_run) {
                EXPECT_EQ(what.rank, settled_items::no_rank);
                EXPECT_EQ(what.attempt, 0U);
            } else {
                EXPECT_GE(what.rank, 0);
                EXPECT_LT(what.rank, size());
                EXPECT_GE(what.attempt, 1U);
            }
        }
    }
    [[nodiscard]] std::size_t count(settlement how) const {
        return static_cast<std::size_t>(std::count_if(
            told_.begin(), told_.end(), [how](const auto& one) { return one.second.front().how == how; }));
    }
    [[nodiscard]] const settled_items& of(std::size_t item) const { return told_.at(item).front(); }
    [[nodiscard]] double seconds() const { return seconds_; }

  private:
    std::mutex mutex_;
    std::map<std::size_t, std::vector<settled_items>> told_;
    double seconds_ = 0;
};

std::vector<int> numbers(std::size_t n) {
    std::vector<int> v(n);
    std::iota(v.begin(), v.end(), 0);
    return v;
}
int twice(int x) {
    return 2 * x;
}
int fails_at_seven(int x) {
    if (x % 10 == 7)
        throw std::runtime_error("seven");
    return x;
}
constexpr std::size_t n = 200;

TEST(settled, each_schedule_of_a_collective_call) {
    for_each_schedule(other_root(), [](const mpimap::options& o) {
        const watch w;
        (void)mpimap::mpi_map(comm(), o, twice, numbers(n));
        w.expect_each_once(n, other_root());
        if (rank() == other_root()) {
            EXPECT_EQ(w.count(settlement::done), n);
        }
    });
}

TEST(settled, collective_calls_of_each_kind) {
    {
        const watch w;
        EXPECT_EQ(mpimap::mpi_map_reduce(comm(), std::plus<>(), 0, twice, numbers(n)),
                  rank() == 0 ? 2 * static_cast<int>(n * (n - 1) / 2) : 0);
        w.expect_each_once(n, 0);
    }
    {
        const watch w;
        mpimap::mpi_for_each(
            comm(), [](int) {}, numbers(n));
        w.expect_each_once(n, 0);
    }
    {
        const watch w;
        std::vector<int> out(n);
        mpimap::mpi_map_into(comm(), twice, out, numbers(n));
        w.expect_each_once(n, 0);
    }
    {
        const watch w;
        (void)mpimap::mpi_try_map(comm(), fails_at_seven, numbers(n));
        w.expect_each_once(n, 0);
        if (rank() == 0) {
            EXPECT_EQ(w.count(settlement::failed), n / 10);
        }
    }
}

/// What the caller's range throws when it is filled.
struct cannot_be_assigned {
    cannot_be_assigned() = default;
    cannot_be_assigned(int x) { *this = x; }
    std::string text; // so that results are not received where it is
    cannot_be_assigned& operator=(int x) {
        if (x > 100)
            throw std::runtime_error("too large");
        return *this;
    }
};
TEST(settled, results_that_the_caller_cannot_take) {
    const watch w;
    std::vector<cannot_be_assigned> out(n);
    EXPECT_THROW(mpimap::mpi_map_into(comm(), twice, out, numbers(n)), mpimap::map_error);
    w.expect_each_once(n, 0);
}

TEST(settled, seconds_of_items) {
    constexpr std::size_t some = 20;
    const watch w;
    const auto sleeps = [](int) { std::this_thread::sleep_for(std::chrono::milliseconds(1)); };
    mpimap::mpi_for_each(comm(), sleeps, numbers(some));
    w.expect_each_once(some, 0);
    if (rank() == 0) {
        EXPECT_GE(w.seconds(), some * 0.99e-3);
    }
}

TEST(settled, where_items_ran) {
    const watch w;
    const auto here = [](mpimap::task t, int) { return t.rank(); };
    const std::vector<int> ranks =
        mpimap::mpi_map(comm(), {.schedule = mpimap::schedule::static_, .chunk = 1}, here, numbers(n));
    w.expect_each_once(n, 0);
    if (rank() != 0)
        return;
    for (std::size_t i = 0; i < n; ++i)
        EXPECT_EQ(w.of(i).rank, ranks[i]);
}

TEST(settled, a_failure_stops_the_rest) {
    const watch w;
    EXPECT_THROW((void)mpimap::mpi_map(comm(), fails_at_seven, numbers(n)), mpimap::map_error);
    w.expect_each_once(n, 0);
    if (rank() == 0) {
        EXPECT_GE(w.count(settlement::failed), 1U);
    }
}

TEST(settled, a_stop_leaves_items) {
    std::stop_source source;
    source.request_stop();
    const watch w;
    EXPECT_THROW((void)mpimap::mpi_map(comm(), {.stop = source.get_token()}, twice, numbers(n)),
                 mpimap::cancelled);
    w.expect_each_once(n, 0);
}

TEST(settled, the_last_attempt_counts) {
    const watch w;
    const auto fails = [](mpimap::task t, int) {
        if (t.index() == 3 || (t.index() == 5 && t.rank() == size() - 1))
            throw std::runtime_error("no");
    };
    const mpimap::options o{.schedule = mpimap::schedule::static_,
                            .chunk = 1,
                            .on_error = mpimap::on_error::collect,
                            .attempts = 3};
    EXPECT_THROW(mpimap::mpi_for_each(comm(), o, fails, numbers(n)), mpimap::map_error);
    w.expect_each_once(n, 0);
    if (rank() != 0)
        return;
    EXPECT_EQ(w.of(3).how, settlement::failed);
    EXPECT_EQ(w.of(3).attempt, 3U);
    if (size() > 1) {
        EXPECT_EQ(w.of(5).how, settlement::done);
        EXPECT_EQ(w.of(5).attempt, 5 % size() == size() - 1 ? 2U : 1U);
    }
    EXPECT_EQ(w.of(4).attempt, 1U);
}

TEST(settled, calls_of_a_pool) {
    with_pool({}, [&](mpimap::pool& pool) {
        {
            const watch w;
            (void)pool.map(twice, numbers(n));
            w.expect_each_once(n, 0);
        }
        {
            const watch w;
            auto f = pool.amap(fails_at_seven, numbers(n));
            EXPECT_THROW((void)f.get(), mpimap::map_error);
            w.expect_each_once(n, 0);
        }
        {
            const watch w;
            int sum = 0;
            for (const int x : pool.imap(twice, numbers(n)))
                sum += x;
            EXPECT_EQ(sum, 2 * static_cast<int>(n * (n - 1) / 2));
            w.expect_each_once(n, 0);
        }
        {
            const watch w;
            std::size_t failed = 0;
            for (const auto& [i, r] : pool.try_uimap(fails_at_seven, numbers(n)))
                failed += r ? 0 : 1;
            EXPECT_EQ(failed, n / 10);
            w.expect_each_once(n, 0);
            EXPECT_EQ(w.count(settlement::failed), n / 10);
        }
    });
}

TEST(settled, single_calls) {
    const watch w;
    with_pool({}, [&](mpimap::pool& pool) {
        std::vector<mpimap::future<int>> futures;
        for (std::size_t i = 0; i < n; ++i)
            futures.push_back(pool.submit(fails_at_seven, static_cast<int>(i)));
        std::size_t failed = 0;
        for (auto& f : futures) {
            try {
                (void)f.get();
            } catch (const std::runtime_error&) {
                ++failed;
            }
        }
        EXPECT_EQ(failed, n / 10);
    });
    w.expect_each_once(n, 0);
    if (rank() == 0) {
        EXPECT_EQ(w.count(settlement::failed), n / 10);
    }
}

TEST(settled, what_is_cancelled_is_not_run) {
    const watch w;
    with_pool({.root_computes = false}, [&](mpimap::pool& pool) {
        auto f = pool.amap(twice, numbers(n));
        f.cancel();
    });
    w.expect_each_once(n, 0);
}

} // namespace
