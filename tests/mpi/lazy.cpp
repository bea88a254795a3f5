// pool::imap and pool::uimap: ranges of results that are computed a window of items ahead of whoever reads
// them.

#include <mpimap/mpimap.hpp>

#include <algorithm>
#include <array>
#include <forward_list>
#include <iterator>
#include <list>
#include <memory>
#include <ranges>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>

#include "mpi_test.hpp"
#include "pool_test.hpp"
#include "shared_counter.hpp"

using namespace mpimap_test;
using mpimap::pool;
using mpimap::schedule;

namespace {

int twice(int x) {
    return 2 * x;
}
double power(int x, int n) {
    double y = 1;
    for (int i = 0; i < n; ++i)
        y *= x;
    return y;
}
int divide(int x, int y) {
    if (y == 0)
        throw std::domain_error("division by zero");
    return x / y;
}

/// Results of an unordered map by their indices, each of which comes once.
template <typename View>
auto by_index(View&& view) {
    std::map<std::size_t, decltype(std::ranges::range_value_t<View>::value)> all;
    for (auto& [i, value] : view)
        EXPECT_TRUE(all.emplace(i, std::move(value)).second) << "twice: " << i;
    return all;
}
template <typename T>
std::map<std::size_t, T> numbered(const std::vector<T>& values) {
    std::map<std::size_t, T> all;
    for (std::size_t i = 0; i < values.size(); ++i)
        all.emplace(i, values[i]);
    return all;
}

/// Read once, item by item: counts how far it has been read.
class generator {
  public:
    explicit generator(int n, int fails_at = -1) : n_(n), fails_at_(fails_at) {}

    class iterator {
      public:
        using iterator_concept = std::input_iterator_tag;
        using value_type = int;
        using difference_type = std::ptrdiff_t;
        iterator() = default;
        explicit iterator(generator* g) : g_(g) {}
        int operator*() const { return g_->at_; }
        iterator& operator++() {
            g_->step();
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator& i, std::default_sentinel_t) { return i.at_end(); }

      private:
        [[nodiscard]] bool at_end() const { return g_->at_ == g_->n_; }
        generator* g_ = nullptr;
    };
    iterator begin() {
        EXPECT_EQ(begun_++, 0) << "read a second time";
        if (fails_at_ == 0)
            throw std::out_of_range("the source fails");
        return iterator(this);
    }
    [[nodiscard]] static std::default_sentinel_t end() { return {}; }
    /// Items that were made.
    [[nodiscard]] int made() const { return begun_ == 0 ? 0 : std::min(at_ + 1, n_); }

  private:
    void step() {
        ++at_;
        if (at_ == fails_at_)
            throw std::out_of_range("the source fails");
    }
    int n_;
    int fails_at_;
    int at_ = 0;
    int begun_ = 0;
};
static_assert(std::ranges::input_range<generator> && !std::ranges::forward_range<generator>);

using view_of_ints = decltype(std::declval<pool&>().imap(twice, std::declval<std::vector<int>&>()));
using indexed_ints = decltype(std::declval<pool&>().uimap(twice, std::declval<generator&>()));
static_assert(std::ranges::input_range<view_of_ints> && !std::ranges::forward_range<view_of_ints>);
static_assert(std::ranges::view<view_of_ints>);
static_assert(std::is_same_v<std::ranges::range_value_t<view_of_ints>, int>);
static_assert(std::ranges::input_range<indexed_ints>);
static_assert(std::is_same_v<std::ranges::range_value_t<indexed_ints>, mpimap::indexed<int>>);

/// The schedules there are for items that are not all known beforehand.
std::vector<mpimap::options> schedules() {
    return {{},
            {.chunk = 1},
            {.chunk = 7},
            {.schedule = schedule::dynamic},
            {.schedule = schedule::dynamic, .chunk = 1},
            {.schedule = schedule::dynamic, .chunk = 6},
            {.schedule = schedule::dynamic, .chunk = 1000}};
}

// ---------------------------------------------------------------- results

TEST(lazy, equals_the_serial_result) {
    with_pool_of_each_root([](pool& p) {
        for (const mpimap::options& o : schedules()) {
            for (const std::size_t n : {0UL, 1UL, 2UL, 40UL, 257UL, 5000UL}) {
                SCOPED_TRACE(n);
                const std::vector<int> xs = count_to(n, -5);
                const std::vector<int> expected = serial(twice, xs);
                EXPECT_EQ(all_of(p.imap(o, twice, xs)), expected);
                EXPECT_EQ(by_index(p.uimap(o, twice, xs)), numbered(expected));
            }
        }
        const std::vector<int> xs = count_to(30);
        EXPECT_EQ(all_of(p.imap(twice, xs)), serial(twice, xs));
        EXPECT_EQ(by_index(p.uimap(twice, xs)), numbered(serial(twice, xs)));
    });
}

TEST(lazy, takes_the_ranges_that_there_are) {
    with_pool_of_each_root([](pool& p) {
        const std::vector<int> xs = count_to(25);
        const std::vector<int> expected = serial(twice, xs);
        EXPECT_EQ(all_of(p.imap(twice, std::list<int>(xs.begin(), xs.end()))), expected);
        std::forward_list<int> forward(xs.begin(), xs.end());
        EXPECT_EQ(all_of(p.imap(twice, forward)), expected);
        EXPECT_EQ(all_of(p.imap(twice, std::views::iota(0, 25))), expected);
        EXPECT_EQ(all_of(p.imap(twice, xs | std::views::transform([](int x) { return x; }))), expected);
        const auto filtered = [](int x) { return x % 2 == 0; };
        EXPECT_EQ(all_of(p.imap(twice, xs | std::views::filter(filtered))),
                  serial([](int x) { return 4 * x; }, count_to(13)));
        generator g(25);
        EXPECT_EQ(all_of(p.imap(twice, g)), expected);
        EXPECT_EQ(all_of(p.imap(twice, generator(25))), expected);
        std::istringstream numbers("3 1 4 1 5");
        EXPECT_EQ(all_of(p.imap(twice, std::ranges::istream_view<int>(numbers))),
                  (std::vector<int>{6, 2, 8, 2, 10}));
        EXPECT_EQ(all_of(p.imap(power, generator(6), std::list<int>{0, 1, 2, 3, 2, 1})),
                  (std::vector<double>{1, 1, 4, 27, 16, 5}));
        EXPECT_EQ(all_of(p.imap([](int x, std::size_t i) { return x == static_cast<int>(i); }, xs,
                                mpimap::indices())),
                  std::vector<bool>(25, true));
    });
}

TEST(lazy, takes_constants_and_indices) {
    with_pool_of_each_root([](pool& p) {
        const std::vector<double> table = {0.5, 1.5, 2.5};
        const auto look_up = [](std::size_t i, const std::vector<double>& t) { return t.at(i % t.size()); };
        const std::vector<double> expected = {0.5, 1.5, 2.5, 0.5, 1.5};
        EXPECT_EQ(all_of(p.imap(look_up, mpimap::indices(5), mpimap::broadcast(table))), expected);
        EXPECT_EQ(
            all_of(p.imap(look_up, mpimap::indices(3, 6), mpimap::broadcast(std::vector<double>(table)))),
            (std::vector<double>{0.5, 1.5, 2.5}));
        EXPECT_EQ(by_index(p.uimap(look_up, mpimap::indices(5), p.share(table))), numbered(expected));
        EXPECT_TRUE(all_of(p.imap(look_up, mpimap::indices(0), mpimap::broadcast(table))).empty());
    });
}

TEST(lazy, of_an_endless_input_ends_with_the_loop) {
    with_pool_of_each_root([](pool& p) {
        const auto square = [](std::size_t i) { return i * i; };
        std::size_t sum = 0;
        for (const std::size_t y : p.imap(square, mpimap::indices())) {
            if (y > 10'000)
                break;
            sum += y;
        }
        EXPECT_EQ(sum, 338'350U);
        expect_usable(p);
        std::set<std::size_t> seen;
        for (const auto& [i, y] : p.uimap(square, mpimap::indices())) {
            EXPECT_EQ(y, i * i);
            seen.insert(i);
            if (seen.size() == 50)
                break;
        }
        EXPECT_EQ(seen.size(), 50U);
        expect_usable(p);
        // Whoever asks for no more than the first has it.
        auto endless = p.imap(square, std::views::iota(std::size_t{3}));
        EXPECT_EQ(*endless.begin(), 9U);
    });
}

TEST(lazy, goes_with_the_algorithms_of_ranges) {
    with_pool_of_each_root([](pool& p) {
        const std::vector<int> xs = count_to(100);
        std::vector<int> got;
        std::ranges::copy(p.imap(twice, xs), std::back_inserter(got));
        EXPECT_EQ(got, serial(twice, xs));
        got.clear();
        for (const int y :
             p.imap(twice, xs) | std::views::filter([](int y) { return y % 3 == 0; }) | std::views::take(4))
            got.push_back(y);
        EXPECT_EQ(got, (std::vector<int>{0, 6, 12, 18}));
        auto view = p.imap(twice, xs);
        EXPECT_NE(std::ranges::find(view, 42), view.end());
        // What is behind it can still be read.
        auto rest_of_it = p.imap(twice, count_to(10));
        auto at = rest_of_it.begin();
        int sum = 0;
        for (; at != rest_of_it.end(); ++at)
            sum += *at;
        EXPECT_EQ(sum, 90);
        // A lazy map of a lazy map
        EXPECT_EQ(all_of(p.imap(twice, p.imap(twice, xs))), serial([](int x) { return 4 * x; }, xs));
        expect_usable(p);
    });
}

TEST(lazy, results_may_be_moved_out_and_be_large_or_move_only) {
    with_pool_of_each_root([](pool& p) {
        const auto make = [](std::size_t i) {
            return std::make_unique<std::vector<double>>(20'000 + i, 0.5);
        };
        std::size_t n = 0;
        for (auto& b : p.imap(make, mpimap::indices(20))) {
            const std::unique_ptr<std::vector<double>> mine = std::move(b);
            EXPECT_EQ(mine->size(), 20'000 + n++);
        }
        EXPECT_EQ(n, 20U);
        // and arguments that are read once and cannot be copied
        auto source =
            std::views::iota(0, 12) | std::views::transform([](int i) { return std::make_unique<int>(i); });
        EXPECT_EQ(all_of(p.imap([](const std::unique_ptr<int>& x) { return *x + 1; }, source)),
                  count_to(12, 1));
    });
}

TEST(lazy, keeps_the_order_when_items_take_uneven_times) {
    with_pool_of_each_root([](pool& p) {
        const std::vector<int> xs = count_to(60);
        const auto slow = [](int x) {
            std::this_thread::sleep_for(std::chrono::microseconds(x % 7 == 0 ? 3000 : x % 5 * 50));
            return 2 * x;
        };
        EXPECT_EQ(all_of(p.imap(slow, xs)), serial(twice, xs));
        EXPECT_EQ(by_index(p.uimap(slow, xs)), numbered(serial(twice, xs)));
    });
}

TEST(lazy, unordered_results_do_not_wait_for_a_slow_one) {
    if (size() < 3) {
        GTEST_SKIP() << "needs two ranks beside the root's";
    }
    const shared_counter given;
    with_pool_of_each_root({.root_computes = false}, [](pool& p) {
        const int before = shared_counter::value();
        const auto first_is_slow = [before](std::size_t i) {
            if (i == 0) {
                EXPECT_TRUE(shared_counter::wait_for(before + 1)); // another one's result
            }
            return i;
        };
        std::vector<std::size_t> order;
        for (const auto& [i, y] :
             p.uimap({.schedule = schedule::dynamic, .chunk = 1}, first_is_slow, mpimap::indices(30))) {
            order.push_back(i);
            ++shared_counter::value();
        }
        ASSERT_EQ(order.size(), 30U);
        EXPECT_NE(order.front(), 0U);
    });
}

TEST(lazy, several_are_read_in_turns) {
    with_pool_of_each_root([](pool& p) {
        auto a = p.imap(twice, count_to(200));
        auto b = p.uimap(
            {.chunk = 3}, [](int x) { return -x; }, count_to(200));
        auto in_a = a.begin();
        auto in_b = b.begin();
        int sum = 0;
        for (int i = 0; i < 200; ++i, ++in_a, ++in_b) {
            EXPECT_EQ(*in_a, 2 * i);
            sum += (*in_b).value;
            if (i % 50 == 0)
                expect_usable(p); // whole maps meanwhile
        }
        EXPECT_EQ(sum, -199 * 100);
        EXPECT_EQ(in_a, a.end());
        EXPECT_EQ(in_b, b.end());
    });
}

// ---------------------------------------------------------------- the window

/// With chunks of these sizes: the serial results of n items, and of as many as ten times that the input is
/// read no further ahead than the window.
void expect_window_kept(pool& p, std::size_t window, const std::vector<std::size_t>& chunks, std::size_t n) {
    for (const std::size_t chunk : chunks) {
        for (const schedule s : {schedule::automatic, schedule::dynamic}) {
            SCOPED_TRACE("window " + std::to_string(window) + ", chunk " + std::to_string(chunk));
            const mpimap::options o{.schedule = s, .chunk = chunk};
            const std::vector<int> xs = count_to(n);
            EXPECT_EQ(all_of(p.imap(o, twice, xs)), serial(twice, xs));
            EXPECT_EQ(by_index(p.uimap(o, twice, xs)), numbered(serial(twice, xs)));
            const int more = 10 * static_cast<int>(n);
            generator g(more);
            int taken = 0;
            for (const int y : p.imap(o, twice, g)) {
                EXPECT_EQ(y, 2 * taken);
                // Results that nobody has taken yet count as well.
                EXPECT_LE(g.made(), taken + static_cast<int>(window));
                ++taken;
            }
            EXPECT_EQ(taken, more);
            generator u(more);
            taken = 0;
            for (const auto& [i, y] : p.uimap(o, twice, u)) {
                EXPECT_EQ(y, 2 * static_cast<int>(i));
                EXPECT_LE(u.made(), taken + static_cast<int>(window));
                ++taken;
            }
            EXPECT_EQ(taken, more);
        }
    }
}

TEST(lazy_window, of_any_size_gives_the_serial_result_and_is_kept) {
    for (const std::size_t window : {1UL, 2UL, 9UL, 10UL, 11UL}) {
        with_pool_of_each_root({.window = window}, [window](pool& p) {
            expect_window_kept(p, window, {1, 2, 9, 10, 11}, 10);
        });
    }
}

TEST(lazy_window, is_kept_with_chunks_that_are_larger_or_smaller) {
    for (const std::size_t window : {7UL, 39UL, 40UL, 41UL, 50UL, 99UL, 1000UL}) {
        with_pool({.root = other_root(), .window = window}, [window](pool& p) {
            expect_window_kept(p, window, {40, 50}, 40);
        });
    }
}

TEST(lazy_window, nothing_is_read_before_it_is_asked_for) {
    with_pool_of_each_root({.window = 4}, [](pool& p) {
        generator g(50);
        {
            auto view = p.imap(twice, g);
            EXPECT_LE(g.made(), 4);
            auto at = view.begin();
            EXPECT_EQ(*at, 0);
            EXPECT_LE(g.made(), 4);
            rest(5);
            expect_usable(p); // the pool does not read on by itself
            EXPECT_LE(g.made(), 4);
            for (int i = 0; i < 10; ++i)
                ++at;
            EXPECT_LE(g.made(), 10 + 4);
        }
        EXPECT_LE(g.made(), 10 + 4);
    });
}

TEST(lazy_window, by_itself_is_bounded) {
    with_pool([](pool& p) {
        // Blocks of 8 MB: 64 MiB of them are eight.
        generator g(400);
        int taken = 0;
        for (const std::vector<double>& b :
             p.imap([](int i) { return std::vector<double>(1'000'000, i); }, g)) {
            EXPECT_EQ(b.back(), taken);
            EXPECT_LE(g.made(), taken + std::max(16 * p.size(), 8) + 1);
            if (++taken == 3 * p.size())
                break;
        }
        expect_usable(p);
    });
}

constexpr std::size_t mebibyte = 1024 * 1024 / sizeof(double);
std::vector<double> mebibyte_of(int x) {
    return std::vector<double>(mebibyte, static_cast<double>(x));
}

/// How far a range of items of 1 MiB was read ahead of the one taken: before their size was known, and
/// afterwards.
class distances {
  public:
    distances() : first_window_(16 * size()) {}
    void took(const generator& g) {
        int& most = taken_ < first_window_ ? first_ : later_;
        most = std::max(most, g.made() - taken_);
        ++taken_;
    }
    void expect_64_MiB() const {
        EXPECT_EQ(taken_, items());
        EXPECT_LE(first_, std::max(first_window_, 64));
        EXPECT_LE(later_, 64);
        EXPECT_GE(later_, 1); // how far it is ahead depends on how soon results come
    }
    [[nodiscard]] int items() const { return first_window_ + 120; }

  private:
    int first_window_;
    int first_ = 0;
    int later_ = 0;
    int taken_ = 0;
};

TEST(lazy_window, is_about_64_MiB_of_arguments_or_results) {
    with_pool({.root = other_root(), .root_computes = false}, [](pool& p) {
        distances of_arguments;
        generator g(of_arguments.items());
        const auto blocks = g | std::views::transform(mebibyte_of);
        for (const double y : p.imap([](const std::vector<double>& b) { return b.back(); }, blocks)) {
            EXPECT_GE(y, 0);
            of_arguments.took(g);
        }
        of_arguments.expect_64_MiB();

        distances of_results;
        generator u(of_results.items());
        for (const auto& [i, b] : p.uimap(mebibyte_of, u)) {
            EXPECT_EQ(b.back(), static_cast<double>(i));
            of_results.took(u);
        }
        of_results.expect_64_MiB();
    });
}

TEST(lazy_window, of_small_items_is_large) {
    with_pool({.root = other_root()}, [](pool& p) {
        constexpr int most = 65536;
        generator g(12 * most);
        int taken = 0;
        int ahead = 0;
        for (const int y : p.imap(twice, g)) {
            EXPECT_EQ(y, 2 * taken);
            ahead = std::max(ahead, g.made() - taken);
            ++taken;
        }
        EXPECT_EQ(taken, 12 * most);
        // How far it reads in the ten milliseconds after which it looks for results: most of a window, unless
        // the machine has other things to do.
        EXPECT_GE(ahead, 32 * 16 * p.size());
        EXPECT_LE(ahead, 4 * most); // as many where they take nanoseconds
    });
}

TEST(lazy_window, of_one_item_keeps_running) {
    with_pool_of_each_root({.window = 1, .root_computes = false}, [](pool& p) {
        EXPECT_EQ(all_of(p.imap(twice, count_to(30))), serial(twice, count_to(30)));
    });
}

// ---------------------------------------------------------------- leaving early

TEST(lazy_end, cancels_what_has_not_started) {
    for_each_root([](int root) {
        const shared_counter left;
        const long ran = runs_in_pool({.root = root, .window = 1000, .root_computes = false}, [](pool& p) {
            for (const int y : p.imap(
                     {.chunk = 1},
                     [root = p.rank()](const mpimap::task&t, int x) {
                         ++runs;
                         if (t.rank() == root) {
                             rest(1); // one at a time
                         } else if (x != 0) {
                             EXPECT_TRUE(shared_counter::wait_for(1));
                         }
                         return x;
                     },
                     count_to(1000))) {
                EXPECT_EQ(y, 0);
                break;
            }
            ++shared_counter::value();
            expect_usable(p);
        });
        // What had begun by then, of sixteen for each rank that had been read.
        EXPECT_GE(ran, 1);
        EXPECT_LE(ran, 3 * size());
    });
}

TEST(lazy_end, a_view_that_was_never_read_is_no_trouble) {
    with_pool_of_each_root([](pool& p) {
        for (int i = 0; i < 20; ++i) {
            [[maybe_unused]] const auto view = p.imap(twice, count_to(100));
            [[maybe_unused]] const auto other = p.uimap(twice, generator(100));
        }
        expect_usable(p);
    });
}

TEST(lazy_end, a_view_may_be_moved) {
    with_pool_of_each_root([](pool& p) {
        auto view = p.imap(twice, count_to(50));
        auto moved = std::move(view);
        std::vector<decltype(moved)> all;
        all.push_back(std::move(moved));
        EXPECT_EQ(all_of(all.front()), serial(twice, count_to(50)));
    });
}

TEST(lazy_end, a_view_that_outlives_the_pool_says_so) {
    for_each_root([](int root) {
        std::optional<view_of_ints> view;
        std::vector<int> xs = count_to(5000);
        int taken = 0;
        bool ended = false;
        {
            pool p(comm(), {.root = root, .window = 10});
            if (p) {
                view.emplace(p.imap(twice, xs));
                auto at = view->begin();
                EXPECT_EQ(*at, 0);
                p.close();
                // What is there may be taken; then there is an error, not a hang.
                try {
                    for (; at != view->end(); ++at)
                        EXPECT_EQ(*at, 2 * taken++);
                } catch (const mpimap::error&) {
                    ended = true;
                }
            }
        }
        if (rank() == root) {
            EXPECT_TRUE(ended);
            EXPECT_LE(taken, 10);
        }
        expect_next_call_works(root);
    });
}

// ---------------------------------------------------------------- errors

TEST(lazy_errors, come_in_the_place_of_the_item) {
    with_pool_of_each_root([](pool& p) {
        for (const mpimap::options& o : schedules()) {
            const std::vector<int> ones(40, 1);
            std::vector<int> ys = count_to(40, 1);
            ys[2] = 0;
            ys[30] = 0;
            std::vector<int> got;
            const mpimap::map_error e = map_error_of([&] {
                for (const int y : p.imap(o, divide, ones, ys))
                    got.push_back(y);
            });
            EXPECT_EQ(got, (std::vector<int>{1, 0}));
            EXPECT_EQ(e.failed(), 1U);
            ASSERT_EQ(e.errors().size(), 1U);
            EXPECT_EQ(e.errors()[0].index(), 2U);
            EXPECT_EQ(e.errors()[0].type(), "std::domain_error");
            EXPECT_EQ(e.errors()[0].what(), "division by zero");
            EXPECT_EQ(e.errors()[0].arguments(), "1, 0");
            EXPECT_FALSE(e.errors()[0].host().empty());
            expect_usable(p);
            // Unordered: whatever comes before it is right.
            const mpimap::map_error u = map_error_of([&] {
                for (const auto& [i, y] : p.uimap(o, divide, ones, ys)) {
                    EXPECT_TRUE(i != 2 && i != 30);
                    EXPECT_EQ(y, i == 0 ? 1 : 0);
                }
            });
            ASSERT_EQ(u.errors().size(), 1U);
            EXPECT_TRUE(u.errors()[0].index() == 2 || u.errors()[0].index() == 30);
            expect_usable(p);
        }
    });
}

TEST(lazy_errors, leave_the_iterator_at_the_end) {
    with_pool_of_each_root([](pool& p) {
        const auto fails = [](int x) {
            if (x == 3)
                throw std::runtime_error("three");
            return x;
        };
        for (const mpimap::options& o : schedules()) {
            auto view = p.imap(o, fails, count_to(40));
            auto at = view.begin();
            const mpimap::map_error e = map_error_of([&] {
                while (at != view.end())
                    ++at;
            });
            EXPECT_EQ(e.failed(), 1U);
            EXPECT_TRUE(at == view.end());
            ++at; // and stays there
            EXPECT_TRUE(at == view.end());
            expect_usable(p); // while the view is still there
        }
    });
}

TEST(lazy_errors, are_collected_on_request) {
    with_pool_of_each_root([](pool& p) {
        for (mpimap::options o : schedules()) {
            o.on_error = mpimap::on_error::collect;
            const auto even_fails = [](int x) {
                if (x % 2 == 0)
                    throw std::runtime_error("even");
                return x;
            };
            const auto expect_failures = [](const mpimap::map_error& e) {
                EXPECT_EQ(e.failed(), 50U);
                std::set<std::size_t> failed;
                for (const mpimap::task_error& t : e.errors())
                    failed.insert(t.index());
                EXPECT_EQ(failed.size(), 50U);
                EXPECT_TRUE(std::ranges::all_of(failed, [](std::size_t i) { return i % 2 == 1; }));
            };
            std::vector<int> got;
            expect_failures(map_error_of([&] {
                for (const int y : p.imap(o, even_fails, count_to(100, 1)))
                    got.push_back(y);
            }));
            ASSERT_EQ(got.size(), 50U);
            for (int i = 0; i < 50; ++i)
                EXPECT_EQ(got[static_cast<std::size_t>(i)], 2 * i + 1);
            std::set<std::size_t> indices;
            expect_failures(map_error_of([&] {
                for (const auto& [i, y] : p.uimap(o, even_fails, count_to(100, 1)))
                    indices.insert(i);
            }));
            EXPECT_EQ(indices.size(), 50U);
            expect_usable(p);
        }
    });
}

TEST(lazy_errors, of_the_source_come_behind_what_was_read) {
    with_pool_of_each_root([](pool& p) {
        for (const int fails_at : {0, 1, 25}) {
            for (const mpimap::on_error how : {mpimap::on_error::stop, mpimap::on_error::collect}) {
                const mpimap::options o{.on_error = how};
                std::vector<int> got;
                const auto expect_told = [&](const mpimap::map_error& e) {
                    ASSERT_EQ(e.errors().size(), 1U);
                    EXPECT_EQ(e.errors()[0].index(), static_cast<std::size_t>(fails_at));
                    EXPECT_EQ(e.errors()[0].type(), "std::out_of_range");
                    EXPECT_EQ(e.errors()[0].what(), "the source fails");
                    EXPECT_EQ(e.errors()[0].rank(), p.rank());
                };
                expect_told(map_error_of([&] {
                    for (const int y : p.imap(o, twice, generator(100, fails_at)))
                        got.push_back(y);
                }));
                EXPECT_EQ(got, serial(twice, count_to(static_cast<std::size_t>(fails_at))));
                std::size_t n = 0;
                expect_told(map_error_of([&] {
                    for ([[maybe_unused]] const auto& r : p.uimap(o, twice, generator(100, fails_at)))
                        ++n;
                }));
                EXPECT_EQ(n, static_cast<std::size_t>(fails_at));
                expect_usable(p);
            }
        }
    });
}

TEST(lazy_errors, differing_lengths_are_told) {
    with_pool_of_each_root([](pool& p) {
        // Where the lengths are known, at once ...
        EXPECT_CONTAINS(
            text_of<mpimap::invalid_argument>([&] { (void)p.imap(power, count_to(12), count_to(11)); }),
            "12");
        // ... otherwise where the shorter one ends, behind the results.
        std::vector<double> got;
        const auto loop = [&](auto&& xs, auto&& ys) {
            got.clear();
            try {
                for (const double y : p.imap(power, xs, ys))
                    got.push_back(y);
                ADD_FAILURE() << "no exception";
            } catch (const mpimap::error& e) {
                EXPECT_CONTAINS(std::string(e.what()), "length");
            }
            EXPECT_EQ(got.size(), 5U);
            expect_usable(p);
        };
        loop(generator(5), generator(8));
        loop(generator(8), generator(5));
        loop(count_to(8), generator(5));
        EXPECT_EQ(all_of(p.imap({.zip = mpimap::zip::shortest}, power, generator(8), count_to(3))).size(),
                  3U);
        EXPECT_EQ(all_of(p.imap({.zip = mpimap::zip::shortest}, power, generator(2), generator(3))).size(),
                  2U);
        EXPECT_EQ(all_of(p.imap({.zip = mpimap::zip::shortest}, power, count_to(12), count_to(11))).size(),
                  11U);
        EXPECT_EQ(all_of(p.imap([](int x, std::size_t i) { return x + static_cast<int>(i); }, generator(4),
                                mpimap::indices())),
                  (std::vector<int>{0, 2, 4, 6}));
    });
}

TEST(lazy_errors, options_that_mean_nothing_are_refused) {
    with_pool_of_each_root([](pool& p) {
        const std::vector<int> xs = count_to(3);
        const auto refused = [&](const mpimap::options& o, const std::string& why) {
            SCOPED_TRACE(why);
            EXPECT_CONTAINS(text_of<mpimap::invalid_argument>([&] { (void)p.imap(o, twice, xs); }), why);
            EXPECT_CONTAINS(text_of<mpimap::invalid_argument>([&] { (void)p.uimap(o, twice, xs); }), why);
        };
        refused({.schedule = schedule::static_}, "schedule");
        refused({.schedule = schedule::guided}, "schedule");
        refused({.schedule = schedule::factoring}, "schedule");
        refused({.costs = {1, 2, 3}}, "costs");
        refused({.chunk = 0}, "chunk is 0");
        refused({.chunk = static_cast<std::size_t>(-1)}, "chunk is negative");
        refused({.root = 1}, "options::root");
        refused({.results = mpimap::results::everywhere}, "everywhere");
        expect_usable(p);
    });
}

TEST(lazy_errors, a_stop_ends_the_loop) {
    with_pool_of_each_root([](pool& p) {
        std::stop_source stop;
        std::size_t got = 0;
        const std::string text = text_of<mpimap::cancelled>([&] {
            for ([[maybe_unused]] const std::size_t y : p.imap(
                     {.stop = stop.get_token()}, [](std::size_t i) { return i; }, mpimap::indices())) {
                if (++got == 100)
                    stop.request_stop();
                ASSERT_LT(got, 10'000'000U);
            }
        });
        EXPECT_CONTAINS(text, "cancelled");
        EXPECT_GE(got, 100U);
        expect_usable(p);
        EXPECT_THROW(all_of(p.imap({.stop = stop.get_token()}, twice, count_to(10))), mpimap::cancelled);
        expect_usable(p);
    });
}

TEST(lazy_errors, a_range_that_was_stopped_is_over) {
    with_pool_of_each_root([](pool& p) {
        const auto steps_after_a_stop = [](std::stop_source& stop, auto view) {
            auto at = view.begin();
            for (int i = 0; i < 100; ++i)
                ++at;
            stop.request_stop();
            EXPECT_THROW(
                while (at != view.end()) { ++at; }, mpimap::cancelled);
            for (int i = 0; i < 3; ++i) {
                EXPECT_TRUE(at == view.end());
                ++at;
            }
        };
        const auto same = [](std::size_t i) { return i; };
        std::stop_source first;
        steps_after_a_stop(first, p.imap({.stop = first.get_token()}, same, mpimap::indices()));
        std::stop_source second;
        steps_after_a_stop(second, p.uimap({.stop = second.get_token()}, same, mpimap::indices()));
        expect_usable(p);
    });
}

} // namespace
