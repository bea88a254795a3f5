// What becomes of each item is told once, on the root, in every kind of call.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
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

    void settled(const settled_items& what, mpimap::detail::root_job& job) noexcept override {
        const std::lock_guard lock(mutex_);
        seconds_ += what.seconds;
        for (const auto& one : what.longest)
            longest_[static_cast<std::size_t>(one.item)] = one.seconds;
        if (what.how == settlement::done && keeps_results) {
            mpimap::detail::writer out;
            const bool there_are = job.write_results(what.items, out);
            out.own_spans();
            if (there_are)
                results_.push_back({what.items, std::move(out)});
        }
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
    /// Those of items that were measured one by one, in chunks of several.
    [[nodiscard]] const std::map<std::size_t, double>& longest() const { return longest_; }

    /// Results are asked for as bytes, too.
    bool keeps_results = false;
    struct encoded {
        mpimap::detail::item_range items;
        mpimap::detail::writer bytes;
    };
    /// Calls `read(item, reader)` with what was given of each item.
    template <typename Read>
    void read_results(const Read& read) const {
        for (const encoded& e : results_) {
            std::vector<std::uint64_t> sizes;
            for (const mpimap::detail::source_span& span : e.bytes.spans())
                sizes.push_back(span.size);
            mpimap::detail::reader in(e.bytes.body().data(), e.bytes.body().size(), sizes.data(),
                                      sizes.size());
            for (std::size_t i = e.items.first; i < e.items.end(); ++i)
                read(i, in);
        }
    }
    /// The same of numbers in one block.
    template <typename Read>
    void read_blocks(const Read& read) const {
        for (const encoded& e : results_) {
            const std::byte* const data =
                e.bytes.spans().empty() ? e.bytes.body().data() : e.bytes.spans().front().data;
            read(e.items, reinterpret_cast<const double*>(data));
        }
    }
    [[nodiscard]] bool has_results() const { return !results_.empty(); }

  private:
    std::list<encoded> results_;
    std::map<std::size_t, double> longest_;
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

TEST(settled, items_that_took_longest) {
    constexpr std::size_t some = 40;
    const watch w;
    const auto sleeps = [](int x) { std::this_thread::sleep_for(std::chrono::milliseconds(x % 10)); };
    mpimap::mpi_for_each(comm(), {.schedule = mpimap::schedule::dynamic, .chunk = 10}, sleeps, numbers(some));
    w.expect_each_once(some, 0);
    if (rank() != 0)
        return;
    for (const auto& [item, seconds] : w.longest())
        EXPECT_GE(seconds, static_cast<double>(item % 10) * 0.99e-3);
    for (std::size_t first = 0; first < some; first += 10) {
        // Items of milliseconds are run, and measured, one by one.
        const auto of_chunk = w.longest().lower_bound(first);
        if (w.of(first).rank != 0 && w.of(first).items.count == 10) {
            EXPECT_TRUE(of_chunk != w.longest().end() && of_chunk->first < first + 10);
        }
    }
}

TEST(settled, results_as_bytes) {
    const auto text = [](int x) { return std::string(static_cast<std::size_t>(x % 50), 'a'); };
    const mpimap::options o{.schedule = mpimap::schedule::dynamic, .chunk = 7};
    using mpimap::detail::make_value;
    using mpimap::detail::reader;
    const auto expect_all = [](const watch& w, const auto& check) {
        std::map<std::size_t, int> seen;
        w.read_results([&](std::size_t i, reader& in) {
            ++seen[i];
            EXPECT_TRUE(check(i, in)) << "item " << i;
        });
        EXPECT_EQ(seen.size(), rank() == 0 ? n : 0);
    };
    const auto is_number = [](std::size_t i, reader& in) {
        return make_value<int>(in) == 2 * static_cast<int>(i);
    };
    const auto is_text = [](std::size_t i, reader& in) {
        return make_value<bool>(in) && make_value<std::string>(in).size() == i % 50;
    };
    {
        watch w;
        w.keeps_results = true;
        (void)mpimap::mpi_map(comm(), o, twice, numbers(n));
        expect_all(w, is_number);
    }
    {
        watch w;
        w.keeps_results = true;
        (void)mpimap::mpi_map(comm(), o, text, numbers(n));
        expect_all(w, is_text);
    }
    {
        watch w;
        w.keeps_results = true;
        std::vector<int> out(n);
        mpimap::mpi_map_into(comm(), o, twice, out, numbers(n));
        expect_all(w, is_number);
    }
    {
        watch w;
        w.keeps_results = true;
        std::size_t bytes = 0;
        with_pool({}, [&](mpimap::pool& pool) {
            for (const auto& [i, s] : pool.uimap(text, numbers(n)))
                bytes += s.size();
        });
        expect_all(w, is_text);
    }
    { // large, and told when they have come
        constexpr std::size_t many = 100'000;
        watch w;
        w.keeps_results = true;
        const auto half = [](int x) { return 0.5 * x; };
        (void)mpimap::mpi_map(comm(), {.schedule = mpimap::schedule::static_}, half, numbers(many));
        std::size_t seen = 0;
        w.read_blocks([&](mpimap::detail::item_range items, const double* values) {
            seen += items.count;
            for (std::size_t i = 0; i < items.count; ++i)
                ASSERT_EQ(values[i], 0.5 * static_cast<double>(items.first + i));
        });
        EXPECT_EQ(seen, rank() == 0 ? many : 0);
    }
    {
        watch w; // the bytes of single calls
        w.keeps_results = true;
        with_pool({}, [&](mpimap::pool& pool) {
            for (const int x : pool.imap(twice, numbers(n)))
                EXPECT_EQ(x % 2, 0);
        });
        expect_all(w, is_number);
    }
    {
        watch w; // items of these have none of their own
        w.keeps_results = true;
        (void)mpimap::mpi_map_reduce(comm(), std::plus<>(), 0, twice, numbers(n));
        mpimap::mpi_for_each(
            comm(), [](int) {}, numbers(n));
        EXPECT_FALSE(w.has_results());
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
