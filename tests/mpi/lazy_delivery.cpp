// What lazy maps hand over, and when: sources that are slow, loops that end early.

#include <mpimap/mpimap.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <ranges>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <mpi.h>

#include "mpi_test.hpp"
#include "pool_test.hpp"
#include "shared_counter.hpp"

using namespace mpimap_test;
using mpimap::index_range;
using mpimap::pool;

namespace {

/// 0, 1, ... n-1, each after so many milliseconds; counts how many have been read.
struct slow_source {
    int n;
    int milliseconds;
    int read = 0;
    auto items() {
        return std::views::iota(0, n) | std::views::transform([this](int i) {
                   rest(milliseconds);
                   read = std::max(read, i + 1);
                   return i;
               });
    }
};

int same(int x) {
    return x;
}
int same_and_counted(int x) {
    ++shared_counter::value();
    return x;
}

/// When so many items have been run: until the root has all that other ranks have said of them. A rank's
/// messages come in order, and this map has an item on each.
void take_in(pool& p, int items) {
    while (shared_counter::value() < items)
        p.poll();
    (void)p.map({.schedule = mpimap::schedule::static_, .chunk = 1}, same,
                count_to(static_cast<std::size_t>(p.size())));
}

/// Of a range that was begun after this: whether its first result may have been so late that more was read
/// than the first few items, in order that nobody waits for them.
class patience {
  public:
    [[nodiscard]] bool may_be_over() const {
        return std::chrono::steady_clock::now() - begun_ > std::chrono::milliseconds(100);
    }

  private:
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

// ---------------------------------------------------------------- slow sources

TEST(lazy_source, the_first_result_comes_before_the_window_is_full) {
    with_pool_of_each_root([](pool& p) {
        const auto first = [&](auto view, const slow_source& s) {
            const patience for_it;
            const auto at = view.begin();
            EXPECT_TRUE(at != view.end());
            EXPECT_GE(s.read, 1);
            EXPECT_TRUE(s.read <= 16 * p.size() || for_it.may_be_over()) << s.read;
        };
        slow_source a{1000, 1};
        first(p.imap(same, a.items()), a);
        slow_source b{1000, 1};
        first(p.uimap(same, b.items()), b);
        slow_source c{1000, 0}; // a fast one, too
        first(p.imap(same, c.items()), c);
        slow_source d{1000, 1};
        first(p.try_imap(same, d.items()), d);
        expect_usable(p);
    });
}

TEST(lazy_source, reading_one_item_takes_long_enough) {
    with_pool_of_each_root([](pool& p) {
        // Longer than is read without a look at results: alone the root runs what it has read.
        slow_source s{30, 25};
        int taken = 0;
        for (const int y : p.imap(same, s.items())) {
            EXPECT_EQ(y, taken++);
            if (p.size() == 1) {
                EXPECT_LE(s.read, taken + 1);
            }
            if (taken == 5)
                break;
        }
        EXPECT_EQ(taken, 5);
    });
}

TEST(lazy_source, reads_wait_for_results_that_are_there) {
    const shared_counter ran;
    with_pool({.root = other_root()}, [](pool& p) {
        // A source that is known to be slow is not read while there are results.
        slow_source s{40, 2};
        int taken = 0;
        std::optional<int> all_there; // the results of so many items
        for (const int y : p.imap({.chunk = 1}, same_and_counted, s.items())) {
            EXPECT_EQ(y, taken++);
            if (all_there && taken <= *all_there) {
                EXPECT_EQ(s.read, *all_there);
            } else {
                take_in(p, s.read);
                all_there = s.read;
            }
        }
        EXPECT_EQ(taken, 40);
    });
}

TEST(lazy_source, of_which_the_rest_waits_for_a_result) {
    with_pool_of_each_root([](pool& p) {
        // Items come in lines of 16 per rank: the next is there when a result of the one before is.
        const int line = 16 * p.size();
        const patience for_the_first;
        int taken = 0;
        int too_early = 0;
        const auto items = std::views::iota(0, 4 * line) | std::views::transform([&](int i) {
                               if (i == line && taken == 0 && !for_the_first.may_be_over())
                                   ++too_early;
                               return i;
                           });
        for (const int y : p.imap({.chunk = 1}, same, items))
            EXPECT_EQ(y, taken++);
        EXPECT_EQ(taken, 4 * line);
        EXPECT_EQ(too_early, 0);
    });
}

TEST(lazy_source, an_item_cannot_step_through_the_range) {
    with_pool([](pool& p) {
        auto view = p.imap(same, count_to(100));
        auto at = view.begin();
        using iterator = decltype(at);
        static iterator* steps = nullptr;
        steps = rank() == p.rank() ? &at : nullptr;
        const std::vector<int> refused = p.map(
            {.schedule = mpimap::schedule::static_},
            [](int) {
                try {
                    for (int i = 0; steps != nullptr && i < 300; ++i)
                        ++*steps;
                } catch (const mpimap::nested_call&) {
                    return 1;
                }
                return 0;
            },
            count_to(static_cast<std::size_t>(p.size())));
        EXPECT_EQ(std::count(refused.begin(), refused.end(), 1), 1);
    });
}

// ---------------------------------------------------------------- the helper thread

TEST(lazy_helper, hands_out_items_while_the_root_is_inside_one) {
    int level = 0;
    MPI_Query_thread(&level);
    if (size() < 2 || level < MPI_THREAD_SERIALIZED) {
        GTEST_SKIP() << "needs another rank and a thread";
    }
    for (const int root : {0, other_root()}) {
        const shared_counter run_elsewhere;
        with_pool({.root = root}, [root](pool& p) {
            // The first item that the root runs waits for many of the others'.
            const auto f = [root](mpimap::task where, const std::string& s) {
                static bool first = true;
                if (where.rank() != root) {
                    ++shared_counter::value();
                } else if (std::exchange(first, false)) {
                    return shared_counter::wait_for(30) ? s : "starved";
                }
                return s;
            };
            const std::vector<std::string> xs(16 * static_cast<std::size_t>(p.size()) * 3, "x");
            std::size_t n = 0;
            for (const std::string& s : p.imap({.chunk = 1}, f, xs)) {
                EXPECT_EQ(s, "x");
                ++n;
            }
            EXPECT_EQ(n, xs.size());
        });
    }
}

// ---------------------------------------------------------------- ends

std::size_t total(const std::vector<index_range>& ranges) {
    std::size_t n = 0;
    std::size_t last = 0;
    for (const index_range& r : ranges) {
        EXPECT_LT(r.first, r.last);
        EXPECT_TRUE(n == 0 || r.first > last);
        last = r.last;
        n += r.size();
    }
    return n;
}
/// What was given is what the exception says.
template <typename Error>
void expect_told(const Error& e, const std::set<std::size_t>& given) {
    EXPECT_EQ(e.done(), given.size());
    EXPECT_EQ(total(e.completed()), given.size());
    for (const index_range& r : e.completed()) {
        for (std::size_t i = r.first; i < r.last; ++i)
            EXPECT_TRUE(given.contains(i)) << i;
    }
}

std::size_t slow_index(std::size_t i) {
    rest(1);
    return i;
}

TEST(lazy_end, a_stop_is_told_behind_what_had_finished) {
    with_pool_of_each_root([](pool& p) {
        std::stop_source stop;
        std::set<std::size_t> given;
        const auto in_order = error_of<mpimap::cancelled>(
            [&] {
                for (const std::size_t i :
                     p.imap({.chunk = 1, .stop = stop.get_token()}, slow_index, mpimap::indices())) {
                    EXPECT_EQ(i, given.size()); // no gap
                    given.insert(i);
                    if (given.size() == 20)
                        stop.request_stop();
                    ASSERT_LT(given.size(), 100'000U);
                }
            },
            mpimap::cancelled(""));
        EXPECT_GE(given.size(), 20U);
        expect_told(in_order, given);

        std::stop_source other;
        given.clear();
        const auto unordered = error_of<mpimap::cancelled>(
            [&] {
                for (const auto& [i, y] :
                     p.uimap({.chunk = 1, .stop = other.get_token()}, slow_index, mpimap::indices())) {
                    EXPECT_EQ(i, y);
                    EXPECT_TRUE(given.insert(i).second);
                    if (given.size() == 20)
                        other.request_stop();
                    ASSERT_LT(given.size(), 100'000U);
                }
            },
            mpimap::cancelled(""));
        EXPECT_GE(given.size(), 20U);
        expect_told(unordered, given);
        expect_usable(p);
    });
}

TEST(lazy_end, results_that_had_come_are_given_after_a_stop) {
    for_each_root([](int root) {
        const shared_counter ran;
        with_pool({.root = root, .window = 40, .root_computes = false}, [](pool& p) {
            std::stop_source stop;
            std::size_t n = 0;
            int read = 0;
            auto input = std::views::iota(0) | std::views::transform([&read](int x) {
                             ++read;
                             return x;
                         });
            EXPECT_THROW(
                for ([[maybe_unused]] const auto& r
                     : p.uimap({.chunk = 1, .stop = stop.get_token()}, same_and_counted, input)) {
                    if (n++ == 0) {
                        // All that was read is run and comes back before the token is looked at.
                        take_in(p, read);
                        stop.request_stop();
                    }
                },
                mpimap::cancelled);
            EXPECT_EQ(n, static_cast<std::size_t>(read)); // how much that is depends on how long a read takes
            EXPECT_LE(n, 40U);
        });
    });
}

TEST(lazy_end, a_failure_is_told_behind_what_had_finished) {
    with_pool_of_each_root([](pool& p) {
        const auto fails_at_9 = [](std::size_t i) {
            rest(1);
            if (i == 9)
                throw std::domain_error("nine");
            return i;
        };
        std::set<std::size_t> given;
        const mpimap::map_error in_order = map_error_of([&] {
            for (const std::size_t i : p.imap({.chunk = 1}, fails_at_9, mpimap::indices(500)))
                given.insert(i);
        });
        EXPECT_EQ(given.size(), 9U);
        EXPECT_EQ(in_order.completed(), (std::vector<index_range>{{0, 9}}));
        expect_told(in_order, given);
        EXPECT_EQ(in_order.errors().at(0).index(), 9U);

        given.clear();
        constexpr std::size_t n = 100'000; // of which a rank that is late with item 9 leaves some out
        const mpimap::map_error unordered = map_error_of([&] {
            for (const auto& [i, y] : p.uimap({.chunk = 1}, fails_at_9, mpimap::indices(n)))
                given.insert(i);
        });
        EXPECT_LT(given.size(), n - 1) << "nothing was left out";
        expect_told(unordered, given);
        EXPECT_EQ(unordered.errors().at(0).index(), 9U);
        expect_usable(p);
    });
}

TEST(lazy_end, collected_failures_say_what_is_done) {
    with_pool([](pool& p) {
        const auto even_fails = [](std::size_t i) {
            if (i % 2 == 0)
                throw std::runtime_error("even");
            return i;
        };
        std::set<std::size_t> given;
        const mpimap::map_error e = map_error_of([&] {
            for (const std::size_t i :
                 p.imap({.on_error = mpimap::on_error::collect}, even_fails, mpimap::indices(50)))
                given.insert(i);
        });
        EXPECT_EQ(given.size(), 25U);
        expect_told(e, given);
    });
}

TEST(lazy_end, a_call_that_has_run_all_its_items_does_not_hear_of_a_stop) {
    with_pool_of_each_root([](pool& p) {
        std::stop_source stop;
        std::size_t n = 0;
        for ([[maybe_unused]] const int y : p.imap({.stop = stop.get_token()}, same, count_to(8)))
            if (++n == 8)
                stop.request_stop();
        EXPECT_EQ(n, 8U);
    });
}

} // namespace
