// pool::try_imap and pool::try_uimap: an item that fails costs one result.

#include <mpimap/mpimap.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

#include "mpi_test.hpp"
#include "pool_test.hpp"
#include "shared_counter.hpp"

using namespace mpimap_test;
using mpimap::expected;
using mpimap::failure_kind;
using mpimap::pool;
using mpimap::task_error;

namespace {

int thirds_fail(int x) {
    if (x % 3 == 0)
        throw std::domain_error("a third");
    return 2 * x;
}

using outcomes = std::vector<expected<int, task_error>>;

/// Of an unordered map, by index, each of which comes once.
template <typename View>
auto by_index(View&& view) {
    std::map<std::size_t, decltype(std::ranges::range_value_t<View>::value)> all;
    for (auto& [i, r] : view)
        EXPECT_TRUE(all.emplace(i, std::move(r)).second) << "twice: " << i;
    return all;
}

void expect_thirds(const expected<int, task_error>& r, std::size_t i) {
    const int x = static_cast<int>(i);
    ASSERT_EQ(r.has_value(), x % 3 != 0);
    if (r) {
        EXPECT_EQ(*r, 2 * x);
        return;
    }
    EXPECT_EQ(r.error().index(), i);
    EXPECT_EQ(r.error().kind(), failure_kind::threw);
    EXPECT_EQ(r.error().type(), "std::domain_error");
    EXPECT_EQ(r.error().what(), "a third");
    EXPECT_EQ(r.error().arguments(), std::to_string(x));
}

using tried = decltype(std::declval<pool&>().try_imap(thirds_fail, std::declval<std::vector<int>&>()));
using tried_as_completed =
    decltype(std::declval<pool&>().try_uimap(thirds_fail, std::declval<std::vector<int>&>()));
static_assert(std::ranges::input_range<tried> && std::ranges::view<tried>);
static_assert(std::is_same_v<std::ranges::range_value_t<tried>, expected<int, task_error>>);
static_assert(std::is_same_v<std::ranges::range_value_t<tried_as_completed>,
                             mpimap::indexed<expected<int, task_error>>>);

TEST(try_lazy, gives_a_result_or_an_error_for_each_item) {
    with_pool_of_each_root([](pool& p) {
        for (const mpimap::options& o :
             {mpimap::options{}, mpimap::options{.chunk = 1},
              mpimap::options{.schedule = mpimap::schedule::dynamic, .chunk = 7}}) {
            for (const std::size_t n : {0UL, 1UL, 40UL, 3000UL}) {
                SCOPED_TRACE(n);
                const outcomes in_order = all_of(p.try_imap(o, thirds_fail, count_to(n)));
                ASSERT_EQ(in_order.size(), n);
                for (std::size_t i = 0; i < n; ++i)
                    expect_thirds(in_order[i], i);
                const auto completed = by_index(p.try_uimap(o, thirds_fail, count_to(n)));
                ASSERT_EQ(completed.size(), n);
                for (const auto& [i, r] : completed)
                    expect_thirds(r, i);
            }
        }
        EXPECT_EQ(all_of(p.try_imap(thirds_fail, count_to(10))).size(), 10U);
        EXPECT_EQ(by_index(p.try_uimap(thirds_fail, count_to(10))).size(), 10U);
        expect_usable(p);
    });
}

TEST(try_lazy, on_error_changes_nothing) {
    with_pool([](pool& p) {
        for (const mpimap::on_error how : {mpimap::on_error::stop, mpimap::on_error::collect}) {
            EXPECT_EQ(all_of(p.try_imap({.on_error = how}, thirds_fail, count_to(100))).size(), 100U);
            EXPECT_EQ(by_index(p.try_uimap({.on_error = how}, thirds_fail, count_to(100))).size(), 100U);
        }
    });
}

TEST(try_lazy, takes_functions_that_return_nothing) {
    with_pool_of_each_root([](pool& p) {
        const auto fails_at_5 = [](std::size_t i) {
            if (i == 5)
                throw std::runtime_error("five");
        };
        std::size_t n = 0;
        for (const expected<void, task_error>& r : p.try_imap(fails_at_5, mpimap::indices(300)))
            EXPECT_EQ(r.has_value(), n++ != 5);
        EXPECT_EQ(n, 300U);
        for (const auto& [i, r] : p.try_uimap({.chunk = 3}, fails_at_5, mpimap::indices(300))) {
            EXPECT_EQ(r.has_value(), i != 5);
            --n;
        }
        EXPECT_EQ(n, 0U);
    });
}

TEST(try_lazy, results_may_be_large_and_move_only) {
    with_pool_of_each_root([](pool& p) {
        const auto make = [](std::size_t i) {
            if (i == 3)
                throw std::runtime_error("three");
            return std::make_unique<std::vector<double>>(20'000 + i, 0.5);
        };
        std::size_t n = 0;
        for (auto& r : p.try_imap(make, mpimap::indices(20))) {
            if (r) {
                const std::unique_ptr<std::vector<double>> mine = std::move(*r);
                EXPECT_EQ(mine->size(), 20'000 + n);
            } else {
                EXPECT_EQ(n, 3U);
            }
            ++n;
        }
        EXPECT_EQ(n, 20U);
        for (auto& [i, r] : p.try_uimap(make, mpimap::indices(20)))
            EXPECT_EQ(r ? (*r)->size() : 20'003, 20'000 + i);
    });
}

TEST(try_lazy, an_item_is_tried_again_where_that_is_asked_for) {
    with_pool([](pool& p) {
        std::size_t i = 0;
        for (const auto& r : p.try_imap({.attempts = 3}, thirds_fail, count_to(60)))
            expect_thirds(r, i++);
        EXPECT_EQ(i, 60U);
    });
}

TEST(try_lazy, what_the_input_throws_is_the_last_element) {
    with_pool_of_each_root([](pool& p) {
        const auto source = std::views::iota(0, 100) | std::views::transform([](int i) {
                                if (i == 30)
                                    throw std::out_of_range("the source fails");
                                return i + 1;
                            });
        const outcomes in_order = all_of(p.try_imap([](int x) { return 2 * x; }, source));
        ASSERT_EQ(in_order.size(), 31U);
        for (std::size_t i = 0; i < 30; ++i)
            EXPECT_EQ(*in_order[i], 2 * static_cast<int>(i + 1));
        EXPECT_EQ(in_order.back().error().type(), "std::out_of_range");
        EXPECT_EQ(in_order.back().error().index(), 30U);
        auto view = p.try_uimap([](int x) { return 2 * x; }, source);
        std::size_t n = 0;
        bool failed = false;
        for (const auto& [i, r] : view) {
            EXPECT_FALSE(failed) << "not the last";
            failed = !r;
            EXPECT_EQ(i == 30, failed);
            ++n;
        }
        EXPECT_EQ(n, 31U);
        EXPECT_TRUE(view.begin() == view.end());
        expect_usable(p);
    });
}

TEST(try_lazy, a_stop_leaves_errors_in_the_gaps_and_ends) {
    with_pool_of_each_root({.window = 200}, [](pool& p) {
        const auto stop_after = [](std::stop_source& stop, std::size_t n, const auto& index, auto view) {
            std::map<std::size_t, bool> all; // whether there is a result
            for (auto& e : view) {
                const auto [i, r] = index(e, all.size());
                EXPECT_TRUE(all.emplace(i, r->has_value()).second);
                if (*r) {
                    EXPECT_EQ(**r, i);
                } else {
                    EXPECT_NE(r->error().kind(), failure_kind::threw);
                    EXPECT_EQ(r->error().index(), i);
                    EXPECT_FALSE(r->error().what().empty());
                }
                if (all.size() == n)
                    stop.request_stop();
            }
            EXPECT_GE(all.size(), n);
            // All that was read, and no more: without a gap.
            EXPECT_EQ(all.rbegin()->first + 1, all.size());
            EXPECT_LE(all.size(), n + 256 + 200);
            if (size() == 1) {
                EXPECT_FALSE(all.rbegin()->second) << "all of the window has run";
            }
        };
        const auto f = [](std::size_t i) {
            rest(1);
            return i;
        };
        std::stop_source first;
        stop_after(
            first, 10, [](auto& r, std::size_t i) { return std::pair(i, &r); },
            p.try_imap({.chunk = 1, .stop = first.get_token()}, f, mpimap::indices()));
        std::stop_source second;
        stop_after(
            second, 10, [](auto& e, std::size_t) { return std::pair(e.index, &e.value); },
            p.try_uimap({.chunk = 1, .stop = second.get_token()}, f, mpimap::indices()));
        expect_usable(p);
    });
}

/// Cannot be read by any rank.
struct unreadable {
    int state = 1;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& state;
        if constexpr (Archive::is_loading::value)
            if (broken)
                throw std::runtime_error("cannot be read");
    }
    int operator()(int x) const { return x + state; }
    static inline bool broken = false;
};

TEST(try_lazy, what_concerns_the_whole_call_throws) {
    for_each_root([](int root) {
        unreadable::broken = rank() != root;
        with_pool({.root = root, .root_computes = false}, [](pool& p) {
            if (p.size() == 1)
                return;
            EXPECT_THROW(all_of(p.try_imap(unreadable(), count_to(50))), mpimap::map_error);
            EXPECT_THROW(by_index(p.try_uimap(unreadable(), count_to(50))), mpimap::map_error);
            expect_usable(p);
        });
        unreadable::broken = false;
    });
    mpimap::pool p(comm(), {.set_up = [] { throw std::runtime_error("no set-up"); }});
    if (p) {
        EXPECT_THROW((void)p.try_imap(thirds_fail, count_to(5)), mpimap::broken_pool);
    }
}

TEST(try_lazy, a_pool_that_is_closed_early_is_told) {
    with_pool_of_each_root({.window = 10}, [](pool& p) {
        auto view = p.try_imap(thirds_fail, count_to(1000));
        auto at = view.begin();
        p.close();
        std::size_t taken = 0;
        EXPECT_THROW(for (; at != view.end(); ++at)++ taken, mpimap::cancelled);
        EXPECT_GE(taken, 1U);
        EXPECT_LE(taken, 10U);
    });
}

TEST(try_lazy, a_failure_is_heard_of_when_the_item_fails) {
    if (size() < 3) {
        GTEST_SKIP() << "needs two ranks beside the root's";
    }
    const shared_counter heard_of;
    with_pool_of_each_root({.root_computes = false}, [](pool& p) {
        const int before = shared_counter::value();
        // Item 0 runs until another has been heard of.
        const auto f = [before](std::size_t i) {
            if (i == 0) {
                EXPECT_TRUE(shared_counter::wait_for(before + 1));
            }
            if (i % 2 == 1)
                throw std::runtime_error("odd");
            return i;
        };
        std::vector<std::size_t> order;
        for (const auto& [i, r] : p.try_uimap({.chunk = 1}, f, mpimap::indices(12))) {
            EXPECT_EQ(r.has_value(), i % 2 == 0);
            order.push_back(i);
            ++shared_counter::value();
        }
        ASSERT_EQ(order.size(), 12U);
        EXPECT_NE(order.front(), 0U);
    });
}

} // namespace
