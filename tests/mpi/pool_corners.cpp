// What is easily forgotten in a pool: the only item fails, handles meet another pool, state behind pointers.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/serialization/access.hpp>
#include <gtest/gtest.h>

#include "../pool_test.hpp"

namespace {

using namespace mpimap_test;

/// Cannot be written when negative, cannot be read when zero.
class fragile {
  public:
    fragile() = default;
    explicit fragile(int x) : x_(x) {}
    [[nodiscard]] int value() const { return x_; }

  private:
    friend class boost::serialization::access;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        if (Archive::is_saving::value && x_ < 0)
            throw std::runtime_error("cannot be written");
        archive& x_;
        if (Archive::is_loading::value && x_ == 0)
            throw std::runtime_error("cannot be read");
    }
    int x_ = 1;
};
int value_of(const fragile& f) {
    return f.value();
}
fragile make_fragile(int x) {
    return fragile(x);
}

/// Cannot be copied when armed.
struct heavy {
    std::vector<int> data;
    bool armed = false;
    explicit heavy(bool a) : armed(a) {}
    heavy() = default;
    heavy(const heavy& other) : data(other.data), armed(other.armed) {
        if (armed)
            throw std::length_error("too heavy");
    }
    heavy& operator=(const heavy&) = default;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& armed;
    }
};

struct counter {
    int n = 0;
    int next(int) { return ++n; }
};

/// Its results cannot be moved where they arrive.
struct slippery {
    int x = 0;
    bool armed = false;
    slippery() = default;
    explicit slippery(int v) : x(v) {}
    slippery(slippery&& other) : x(other.x), armed(other.armed) {
        if (armed)
            throw std::range_error("slipped");
    }
    slippery& operator=(slippery&& other) {
        x = other.x;
        return *this;
    }
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& x;
        if (Archive::is_loading::value)
            armed = x == 3;
    }
};
slippery slip(int x) {
    return slippery(x);
}

} // namespace

TEST(pool_corners, the_only_item_cannot_be_written_or_read) {
    for (const bool computes : {true, false}) {
        with_pool({.root_computes = computes}, [&](mpimap::pool& p) {
            const bool travels = !computes || size() == 1; // the root might run it without sending it
            for (const int x : {-1, 0}) {
                auto one = p.submit(value_of, fragile(x));
                if (size() > 1) {
                    EXPECT_THROW((void)one.get(), std::runtime_error); // submissions run elsewhere
                }
                const std::vector<fragile> bad{fragile(x)};
                const auto check = [&](const auto& call) {
                    if (travels && size() > 1) {
                        EXPECT_THROW(call(), mpimap::map_error);
                    } else {
                        try {
                            call();
                        } catch (const mpimap::map_error&) {
                        }
                    }
                };
                check([&] { (void)p.map(value_of, bad); });
                check([&] {
                    for (const int r : p.imap(value_of, bad))
                        EXPECT_EQ(r, x);
                });
                check([&] {
                    for (const auto& [i, r] : p.uimap(value_of, bad))
                        EXPECT_EQ(r, x);
                });
                check([&] {
                    for (const fragile& r : p.imap(make_fragile, std::vector<int>{x}))
                        EXPECT_EQ(r.value(), x);
                });
                expect_usable(p);
            }
        });
    }
}

int refuse_multiples_of_three(int x) {
    if (x % 3 == 0)
        throw std::domain_error("a multiple of three");
    return x;
}

// Failures go ahead of the results of their chunk: who takes them must not forget the items before those
// come.
TEST(pool_corners, failures_by_the_thousand_do_not_overtake_results) {
    with_pool({.root_computes = false}, [](mpimap::pool& p) {
        const int round_trips = p.size() <= 3 ? 3000 : 300;
        int failed = 0;
        const auto count = [&failed](mpimap::future<int>& one) {
            try {
                EXPECT_NE(one.get() % 3, 0);
            } catch (const std::domain_error&) {
                ++failed;
            }
        };
        for (int i = 0; i < round_trips; ++i) {
            auto one = p.submit(refuse_multiples_of_three, 3 * i);
            count(one);
        }
        EXPECT_EQ(failed, round_trips);
        failed = 0;
        std::vector<mpimap::future<int>> burst;
        for (int i = 0; i < 6000; ++i)
            burst.push_back(p.submit(refuse_multiples_of_three, i));
        for (auto& one : burst)
            count(one);
        EXPECT_EQ(failed, 2000);

        const std::vector<int> xs = count_to(6000);
        const auto expected = [](int k) { return k / 2 * 3 + k % 2 + 1; }; // 1 2 4 5 7 ...
        for (const std::size_t chunk : {1U, 5U, 300U}) {
            const mpimap::options o{.chunk = chunk, .on_error = mpimap::on_error::collect};
            int good = 0;
            const auto in_order = map_error_of([&] {
                for (const int x : p.imap(o, refuse_multiples_of_three, xs))
                    EXPECT_EQ(x, expected(good++));
            });
            EXPECT_EQ(in_order.failed(), 2000U);
            EXPECT_EQ(good, 4000);
            good = 0;
            const auto as_completed = map_error_of([&] {
                for (const auto& [i, x] : p.uimap(o, refuse_multiples_of_three, xs)) {
                    EXPECT_EQ(static_cast<int>(i), x);
                    ++good;
                }
            });
            EXPECT_EQ(as_completed.failed(), 2000U);
            EXPECT_EQ(good, 4000);
        }
    });
}

TEST(pool_corners, an_argument_that_cannot_be_copied_is_not_submitted) {
    with_pool([](mpimap::pool& p) {
        const auto weight = [](const heavy& h) { return h.data.size(); };
        const heavy bad(true);
        EXPECT_THROW((void)p.submit(weight, bad), std::length_error);
        const heavy good(false);
        EXPECT_EQ(p.submit(weight, good).get(), 0U);
        EXPECT_THROW((void)p.submit(weight, bad), std::length_error);
        EXPECT_EQ(p.submit(weight, good).get(), 0U);
    });
}

TEST(pool_corners, a_handle_of_another_pool_is_a_constant) {
    using table = std::vector<double>;
    const auto look = [](const table& t, std::size_t i) { return t.at(i); };
    std::optional<mpimap::shared<table>> old;
    with_pool([&](mpimap::pool& p) {
        old.emplace(p.share(table{1, 2, 3}));
        EXPECT_EQ(p.map(look, *old, mpimap::indices(3)), (table{1, 2, 3}));
    });
    with_pool({.root_computes = false}, [&](mpimap::pool& p) {
        const auto fresh = p.share(std::string("another part with the same number"));
        EXPECT_EQ(p.map(look, *old, mpimap::indices(3)), (table{1, 2, 3}));
        const auto length = [](const std::string& s, std::size_t) { return s.size(); };
        EXPECT_EQ(p.map(length, fresh, mpimap::indices(1)).at(0), 33U);
    });
}

/// Cannot be copied.
class movable {
  public:
    movable() = default;
    explicit movable(int x) : x_(std::make_unique<int>(x)) {}
    int operator()(int y) const { return *x_ + y; }
    [[nodiscard]] int value() const { return *x_; }

  private:
    friend class boost::serialization::access;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive&* x_;
    }
    std::unique_ptr<int> x_ = std::make_unique<int>(0);
};

TEST(pool_corners, what_cannot_be_copied_is_moved) {
    with_pool([](mpimap::pool& p) {
        const std::vector<int> xs = count_to(20);
        auto later = p.amap(movable(1), xs);
        auto one = p.submit(movable(2), 40);
        int i = 0;
        for (const int y : p.imap(movable(3), xs))
            EXPECT_EQ(y, 3 + i++);
        for (const int y :
             p.imap([](const movable& m) { return m.value(); },
                    std::views::iota(0, 20) | std::views::transform([](int x) { return movable(x); })))
            EXPECT_EQ(y, i++ - 20);
        EXPECT_EQ(i, 40);
        EXPECT_EQ(later.get().back(), 20);
        EXPECT_EQ(one.get(), 42);
    });
}

TEST(pool_corners, a_thousand_calls_in_flight) {
    with_pool([](mpimap::pool& p) {
        constexpr int calls = 1000;
        const std::vector<int> xs = count_to(3);
        std::vector<mpimap::future<int>> ones;
        std::vector<mpimap::future<std::vector<int>>> maps;
        for (int i = 0; i < calls; ++i) {
            ones.push_back(p.submit([i](int x) { return i + x; }, 1)); // each a function of its own
            maps.push_back(p.amap([i](int x) { return i * x; }, xs));
        }
        for (int i = calls - 1; i >= 0; --i) {
            const auto k = static_cast<std::size_t>(i);
            EXPECT_EQ(ones[k].get(), i + 1);
            EXPECT_EQ(maps[k].get(), (std::vector<int>{0, i, 2 * i}));
        }
    });
}

double first_plus(const std::vector<double>& table, int x) {
    return table.at(0) + x;
}

TEST(pool_corners, a_call_keeps_the_shared_value_that_it_uses) {
    with_pool([](mpimap::pool& p) {
        const std::vector<int> xs = count_to(2000);
        const auto start = [&](double first) {
            const auto table = p.share(std::vector<double>(50'000, first));
            return p.amap(first_plus, table, xs);
        };
        auto one = start(1);
        auto two = start(2);
        EXPECT_EQ(one.get().back(), 2000);
        EXPECT_EQ(two.get().back(), 2001);
    });
}

TEST(pool_corners, a_handle_may_get_another_value) {
    with_pool([](mpimap::pool& p) {
        const std::vector<int> xs = count_to(20);
        auto table = p.share(std::vector<double>{1});
        for (int generation = 2; generation < 5; ++generation) {
            table = p.share(std::vector<double>{1.0 * generation});
            EXPECT_EQ(p.map(first_plus, table, xs).back(), 19 + generation);
        }
        EXPECT_EQ(table->size(), 1U);
    });
}

/// Calls the pool when it is written.
class caller {
  public:
    static inline mpimap::pool* pool = nullptr;

  private:
    friend class boost::serialization::access;
    template <typename Archive>
    void serialize(Archive&, unsigned) {
        if (Archive::is_saving::value)
            (void)pool->submit([](int x) { return x; }, 1);
    }
};

TEST(pool_corners, what_encodes_a_constant_may_not_call_the_pool) {
    with_pool([](mpimap::pool& p) {
        caller::pool = &p;
        const std::vector<int> xs = count_to(10);
        const auto ignore = [](const caller&, int x) { return x; };
        const caller c;
        EXPECT_CONTAINS(map_error_of([&] { (void)p.map(ignore, mpimap::broadcast(c), xs); }).what(),
                        "nested_call");
        EXPECT_CONTAINS(map_error_of([&] { (void)p.amap(ignore, mpimap::broadcast(c), xs); }).what(),
                        "nested_call");
        EXPECT_CONTAINS(error_of([&] { (void)p.share(c); }, mpimap::nested_call("none")).what(), "item");
        expect_usable(p);
    });
}

TEST(pool_corners, a_handle_survives_a_call_that_was_refused) {
    with_pool({.root_computes = false}, [](mpimap::pool& p) {
        const auto shared = p.share(std::vector<int>{1, 2, 3});
        const auto add = [](const std::vector<int>& t, const fragile& f, int x) {
            return t.at(0) + f.value() + x;
        };
        const std::vector<int> xs = count_to(20);
        const auto good = serial([](int x) { return 1 + 5 + x; }, xs);
        EXPECT_EQ(p.map(add, shared, mpimap::broadcast(fragile(5)), xs), good);
        auto under_way = p.amap(add, shared, mpimap::broadcast(fragile(5)), xs);
        if (size() > 1) {
            // The constant cannot be read on other ranks.
            EXPECT_THROW((void)p.map(add, shared, mpimap::broadcast(fragile(0)), xs), mpimap::map_error);
        }
        EXPECT_EQ(under_way.get(), good);
        EXPECT_EQ(p.map(add, shared, mpimap::broadcast(fragile(5)), xs), good);
    });
}

TEST(pool_corners, a_shared_value_that_cannot_be_written_is_refused_at_once) {
    with_pool([](mpimap::pool& p) {
        for (int round = 0; round < 3; ++round) {
            EXPECT_EQ(text_of<std::runtime_error>([&] { (void)p.share(fragile(-1)); }), "cannot be written");
            expect_usable(p);
        }
        const auto good = p.share(fragile(5));
        const auto add = [](const fragile& f, int x) { return f.value() + x; };
        EXPECT_EQ(p.map(add, good, count_to(10)), count_to(10, 5));
    });
}

TEST(pool_corners, a_shared_value_that_cannot_be_read_fails_each_call_that_uses_it) {
    with_pool({.root_computes = false}, [](mpimap::pool& p) {
        const auto add = [](const fragile& f, int x) { return f.value() + x; };
        const std::vector<int> xs = count_to(20);
        if (size() == 1) { // read where it is
            EXPECT_EQ(p.map(add, p.share(fragile(0)), xs), xs);
            return;
        }
        const auto good = p.share(fragile(5));
        const auto sum = [](int x, int y) { return x + y; };
        const auto fails = [&](std::size_t index, const auto& call) {
            const mpimap::map_error e = map_error_of(call);
            EXPECT_FALSE(e.errors().empty());
            for (const mpimap::task_error& t : e.errors()) {
                EXPECT_EQ(t.index(), index);
                EXPECT_EQ(t.type(), "std::runtime_error");
                EXPECT_EQ(t.what(), "cannot be read");
                EXPECT_NE(t.rank(), p.rank());
                EXPECT_TRUE(t.rank() >= 0 && t.rank() < p.size());
            }
            // With a value that can be read the same call works.
            EXPECT_EQ(p.map(add, good, xs), count_to(20, 5));
        };
        constexpr std::size_t whole = mpimap::task_error::no_item;
        {
            const auto bad = p.share(fragile(0));
            EXPECT_EQ(bad->value(), 0); // the root's own
            for (int round = 0; round < 2; ++round) {
                fails(whole, [&] { (void)p.map(add, bad, xs); });
                fails(whole, [&] { (void)p.map({.schedule = mpimap::schedule::static_}, add, bad, xs); });
                fails(whole, [&] { (void)p.amap(add, bad, xs).get(); });
                fails(whole, [&] { (void)p.map_reduce(sum, 0, add, bad, xs); });
                fails(0, [&] { // the first one that the loop does not get
                    for (const int y : p.imap(add, bad, xs))
                        ADD_FAILURE() << y;
                });
                fails(0, [&] {
                    for (const auto& r : p.uimap(add, bad, xs))
                        ADD_FAILURE() << r.value;
                });
            }
        }
        expect_usable(p);
    });
}

TEST(pool_corners, a_bound_value_that_cannot_be_read_fails_where_constants_do_not_go) {
    with_pool({.root_computes = false}, [](mpimap::pool& p) {
        if (size() == 1) {
            return; // nothing travels
        }
        const auto add = [](const fragile& f, int x) { return f.value() + x; };
        const std::vector<std::tuple<int>> tuples(20);
        const auto bound = [&](int x) { return mpimap::bind_front(add, fragile(x)); };
        for (int round = 0; round < 2; ++round) {
            const mpimap::map_error e = map_error_of([&] { (void)p.starmap(bound(-1), tuples); });
            EXPECT_EQ(e.errors().at(0).what(), "cannot be written");
            EXPECT_EQ(e.errors().at(0).rank(), p.rank());
            // The root makes a copy of the function for itself, too.
            const mpimap::map_error read = map_error_of([&] { (void)p.starmap(bound(0), tuples); });
            EXPECT_EQ(read.errors().at(0).what(), "cannot be read");
            EXPECT_EQ(read.errors().at(0).type(), "std::runtime_error");
            EXPECT_THROW((void)p.submit(bound(0), 1).get(), std::exception);
            EXPECT_EQ(p.submit(bound(5), 1).get(), 6);
            EXPECT_EQ(p.starmap(bound(5), tuples), std::vector<int>(20, 5));
        }
    });
}

TEST(pool_corners, a_constant_is_not_a_function_of_the_same_type) {
    struct scale {
        std::vector<double> by;
        int calls = 0;
        double operator()(double x) { return by.at(0) * x + 1000 * calls++; }
    };
    with_pool({.root_computes = false}, [](mpimap::pool& p) {
        const scale s{{2.0}};
        const std::vector<double> one{1.0};
        const auto by = [](const scale& c, double x) { return c.by.at(0) * x + c.calls; };
        for (int round = 0; round < 3; ++round) {
            EXPECT_EQ(p.map(by, mpimap::broadcast(s), one), std::vector<double>{2.0});
            EXPECT_EQ(p.map(s, one), std::vector<double>{2.0});
        }
    });
}

TEST(pool_corners, submissions_do_not_see_what_others_left_behind_a_pointer) {
    with_pool([](mpimap::pool& p) {
        counter c;
        const auto shared = std::make_shared<counter>();
        std::vector<mpimap::future<int>> all;
        for (int i = 0; i < 10; ++i) {
            all.push_back(p.submit(mpimap::bind_front<&counter::next>(&c), i));
            all.push_back(p.submit(mpimap::bind_front<&counter::next>(shared), i));
            all.push_back(p.submit(mpimap::bind_front<&counter::next>(c), i));
        }
        for (auto& one : all)
            EXPECT_EQ(one.get(), 1);
    });
}

TEST(pool_corners, results_that_cannot_be_moved_end_a_lazy_map) {
    with_pool({.root_computes = false}, [](mpimap::pool& p) {
        if (size() == 1)
            return; // nothing travels
        const std::vector<int> xs = count_to(6);
        // Handed over where they lie ...
        std::vector<int> got;
        for (const slippery& s : p.imap(slip, xs))
            got.push_back(s.x);
        EXPECT_EQ(got, xs);
        // ... but moved to stand beside their indices.
        auto view = p.uimap(slip, xs);
        const auto error = map_error_of([&] {
            for (auto& [i, s] : view)
                EXPECT_NE(i, 3U);
        });
        EXPECT_EQ(error.errors().at(0).index(), 3U);
        EXPECT_EQ(error.errors().at(0).what(), "slipped");
        EXPECT_TRUE(view.begin() == view.end()); // over
        expect_usable(p);
    });
}

TEST(pool_corners, options_of_pools_that_make_no_sense_are_refused_everywhere) {
    constexpr auto negative = static_cast<std::size_t>(-1);
    EXPECT_CONTAINS(text_of<mpimap::invalid_argument>([] { mpimap::pool p(comm(), {.window = negative}); }),
                    "window");
    EXPECT_CONTAINS(
        text_of<mpimap::invalid_argument>([] { mpimap::pool p(comm(), {.cache_bytes = negative}); }),
        "cache_bytes");
    with_pool([](mpimap::pool& p) { expect_usable(p); });
}

TEST(pool_corners, pointers_that_no_type_shows_are_found_in_streams) {
    class hidden {
      public:
        explicit hidden(const int* p) : p_(p) {}
        hidden() = default;
        [[nodiscard]] bool set() const { return p_ != nullptr; }

      private:
        const int* p_ = nullptr;
    };
    with_pool([](mpimap::pool& p) {
        static const int here = 1;
        const std::vector<hidden> bad{hidden(&here)};
        const auto set = [](const hidden& h) { return h.set(); };
        EXPECT_THROW((void)p.submit(set, hidden(&here)), mpimap::invalid_argument);
        EXPECT_THROW((void)p.share(hidden(&here)), mpimap::invalid_argument);
        EXPECT_THROW(
            for (const bool b
                 : p.imap(set, bad)) { EXPECT_FALSE(b); },
            mpimap::map_error);
        EXPECT_FALSE(p.submit(set, hidden()).get());
    });
}

TEST(pool_corners, a_pool_hears_nothing_of_the_one_before_that_broke) {
    for (int round = 0; round < 3; ++round) {
        try {
            mpimap::pool p(comm(), {.set_up = [] { throw std::runtime_error("broken on every rank"); }});
            if (p)
                (void)p.map([](int x) { return x; }, count_to(3));
            if (p)
                ADD_FAILURE() << "no exception";
        } catch (const mpimap::broken_pool&) {
        }
        with_pool([](mpimap::pool& p) { expect_usable(p); });
    }
}
