// Grids: all combinations of the values of some axes, in every form of call.

#include <mpimap/mpimap.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "failing_values.hpp"
#include "mpi_test.hpp"
#include "pool_test.hpp"

using namespace mpimap_test;
using mpimap::grid;
using mpimap::grid_shape;
using mpimap::indices;
using mpimap::mpi_map;
using mpimap::pool;

namespace {

const std::vector<int> as{1, 2, 3};
const std::vector<int> bs{10, 20};
const std::vector<int> cs{100, 200, 300, 400};
const std::vector<int> ds{1000};
const std::vector<int> es{10'000, 20'000};
const std::vector<int> fs{100'000, 200'000, 300'000};

/// The sums of all combinations: nested loops, from the inside outwards.
std::vector<int> sums(const std::vector<int>& all) {
    return all;
}
template <typename... More>
std::vector<int> sums(const std::vector<int>& outer, const More&... inner) {
    std::vector<int> all;
    for (const int x : outer)
        for (const int y : sums(inner...))
            all.push_back(x + y);
    return all;
}

/// f of all combinations of two axes.
template <typename F, typename Xs, typename Ys>
auto products(const F& f, const Xs& xs, const Ys& ys) {
    std::vector<std::decay_t<decltype(f(*std::ranges::begin(xs), *std::ranges::begin(ys)))>> all;
    for (const auto& x : xs)
        for (const auto& y : ys)
            all.push_back(f(x, y));
    return all;
}

constexpr auto sum = [](auto... xs) { return (xs + ...); };

// ---------------------------------------------------------------- axes

TEST(grid, of_one_to_six_axes_is_nested_loops) {
    for_each_root([](int root) {
        for_each_schedule(root, [&](const mpimap::options& o) {
            expect_on_root(root, mpi_map(comm(), o, sum, grid(as)), as);
            expect_on_root(root, mpi_map(comm(), o, sum, grid(as, bs)), sums(as, bs));
            expect_on_root(root, mpi_map(comm(), o, sum, grid(as, bs, cs)), sums(as, bs, cs));
        });
        const mpimap::options o{.root = root};
        expect_on_root(root, mpi_map(comm(), o, sum, grid(as, bs, cs, ds)), sums(as, bs, cs, ds));
        expect_on_root(root, mpi_map(comm(), o, sum, grid(as, bs, cs, ds, es)), sums(as, bs, cs, ds, es));
        expect_on_root(root, mpi_map(comm(), o, sum, grid(as, bs, cs, ds, es, fs)),
                       sums(as, bs, cs, ds, es, fs));
    });
}

struct substance {
    std::string name;
    std::vector<double> virial;
};
struct plain {
    double x;
    int n;
};
class tagged {
  public:
    tagged() = default;
    explicit tagged(int x) : x_(x) {}
    [[nodiscard]] int x() const { return x_; }

  private:
    int x_ = 0;
    friend class boost::serialization::access;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& x_;
    }
};

TEST(grid, has_axes_of_any_values) {
    const std::vector<std::string> names{"argon", "", std::string(100'000, 'x')};
    const std::vector<substance> substances{{"argon", {1, 2, 3}}, {"neon", std::vector<double>(20'000, 0.5)}};
    const std::vector<plain> plains{{1.5, 2}, {2.5, 3}};
    const std::vector<tagged> tags{tagged(3), tagged(4), tagged(5)};
    const std::vector<std::vector<int>> rows{{1, 2}, {}, {3}};
    std::vector<std::unique_ptr<int>> owned;
    owned.push_back(std::make_unique<int>(7));
    owned.push_back(std::make_unique<int>(8));
    const auto text = [](const std::string& s, const substance& m) {
        return s + m.name + std::to_string(m.virial.size());
    };
    const auto number = [](const plain& p, const tagged& t) { return p.x * p.n + t.x(); };
    const auto size = [](const std::vector<int>& v, const std::unique_ptr<int>& p) {
        return static_cast<int>(v.size()) + *p;
    };
    for_each_schedule(other_root(), [&](const mpimap::options& o) {
        expect_on_root(o.root, mpi_map(comm(), o, text, grid(names, substances)),
                       products(text, names, substances));
        expect_on_root(o.root, mpi_map(comm(), o, number, grid(plains, tags)),
                       products(number, plains, tags));
        expect_on_root(o.root, mpi_map(comm(), o, size, grid(rows, owned)), products(size, rows, owned));
    });
}

TEST(grid, has_axes_of_any_kind) {
    const auto pair = [](const auto& x, const auto& y) { return std::pair(x, y); };
    const auto expect = [&](auto&& xs, auto&& ys) {
        const auto expected = products(pair, std::as_const(xs), std::as_const(ys));
        for (const int root : {0, other_root()})
            expect_on_root(root, mpi_map(comm(), {.root = root}, pair, grid(xs, ys)), expected);
    };
    const std::list<std::string> names{"a", "b", "c"};
    const std::vector<bool> flags{true, false, true};
    int some[] = {3, 4};
    expect(names, flags);
    expect(flags, some);
    expect(std::array{1.5, 2.5}, std::views::iota(-2, 3));
    expect(std::string("abc"), std::span<const int>(as).subspan(1));
    expect(names | std::views::transform([](const std::string& s) { return s + s; }),
           as | std::views::transform([](int x) { return x * x; }));
    // Kept by the call: nothing else has them.
    auto odd = as | std::views::filter([](int x) { return x % 2 == 1; }); // no const range
    expect_on_root(0, mpi_map(comm(), sum, grid(odd, std::vector<int>{5, 6}, std::list<int>{0})),
                   {6, 7, 8, 9});
    expect_on_root(0, mpi_map(comm(), sum, grid(indices(3, 5), indices(2))),
                   std::vector<std::size_t>{3, 4, 4, 5});
}

TEST(grid, with_one_value_or_none_on_an_axis) {
    const std::vector<int> none;
    for_each_root([&](int root) {
        for_each_schedule(root, [&](const mpimap::options& o) {
            for (const auto& g : {grid(none, as, bs), grid(as, none, bs), grid(as, bs, none)})
                expect_on_root(root, mpi_map(comm(), o, sum, g), {});
            expect_on_root(root, mpi_map(comm(), o, sum, grid(ds, ds)), {2000});
            expect_on_root(root, mpi_map(comm(), o, sum, grid(ds, as, ds)), sums(ds, as, ds));
        });
    });
}

TEST(grid, of_large_axes) {
    std::vector<double> xs(30'000);
    std::iota(xs.begin(), xs.end(), 0.0);
    const std::vector<std::string> names(3, std::string(200'000, 'n'));
    const auto f = [](const std::string& s, double x) { return x + static_cast<double>(s.size()); };
    const std::vector<double> expected = products(f, names, xs);
    for_each_schedule(other_root(), [&](const mpimap::options& o) {
        expect_on_root(o.root, mpi_map(comm(), o, f, grid(names, xs)), expected);
    });
}

TEST(grid, refers_to_lvalues) {
    std::vector<int> xs{1, 2};
    const auto g = grid(xs, std::vector<int>{10, 20});
    expect_on_root(0, mpi_map(comm(), sum, g), {11, 21, 12, 22});
    xs = {3, 4, 5};
    expect_on_root(0, mpi_map(comm(), sum, g), {13, 23, 14, 24, 15, 25});
}

/// Where items of the root find a value: in the axis itself.
TEST(grid, is_read_in_place_by_the_root) {
    const std::vector<std::string> names{"a", "b"};
    const auto where = [](mpimap::task t, const std::string& s, int) {
        return t.rank() == 0 ? reinterpret_cast<std::uintptr_t>(&s) : 0;
    };
    const std::vector<std::uintptr_t> found = mpi_map(comm(), where, grid(names, as));
    for (std::size_t i = 0; i < found.size(); ++i)
        EXPECT_TRUE(found[i] == 0 || found[i] == reinterpret_cast<std::uintptr_t>(&names[i / 3])) << i;
}

// ---------------------------------------------------------------- beside other arguments

TEST(grid, is_zipped_with_what_has_as_many_items) {
    const std::list<std::string> names{"a", "b", "c", "d", "e", "f"};
    const auto f = [](const std::string& s, int a, int b, std::size_t i, const std::string& end, int other) {
        return s + std::to_string(a + b) + "," + std::to_string(i) + "," + std::to_string(other) + end;
    };
    const std::vector<std::string> expected{"a11,5,100;", "b21,6,200;", "c12,7,300;",
                                            "d22,8,400;", "e13,9,500;", "f23,10,600;"};
    const auto hundreds = std::views::iota(1, 7) | std::views::transform([](int i) { return 100 * i; });
    for_each_root([&](int root) {
        for_each_schedule(root, [&](const mpimap::options& o) {
            expect_on_root(root,
                           mpi_map(comm(), o, f, names, grid(as, bs), indices(5, 11),
                                   mpimap::broadcast(std::string(";")), grid(hundreds)),
                           expected);
        });
    });
    expect_on_root(0, mpi_map(comm(), sum, grid(indices(2), indices(2)), indices()),
                   std::vector<std::size_t>{0, 2, 3, 5});
    expect_on_root(0, mpi_map(comm(), {.zip = mpimap::zip::shortest}, sum, grid(as, bs), std::vector<int>(4)),
                   {11, 21, 12, 22});
}

TEST(grid, of_another_number_of_items_is_refused) {
    for_each_root([](int root) {
        const std::string text = text_of<mpimap::invalid_argument>(
            [&] { (void)mpi_map(comm(), {.root = root}, sum, grid(as, bs), std::vector<int>(5)); });
        EXPECT_CONTAINS(text, "the arguments differ in length (6, 6, 5)");
        EXPECT_TRUE(same_everywhere(text));
        expect_next_call_works(root);
    });
}

TEST(grid, of_more_points_than_can_be_counted_is_refused_on_every_rank) {
    for_each_root([](int root) {
        // The root's axes count.
        const std::size_t n = rank() == root ? std::size_t{1} << 40U : 2;
        const auto refused = [&](const auto& call) {
            const std::string text = text_of<mpimap::invalid_argument>(call);
            EXPECT_CONTAINS(text, "a grid of 1099511627776 x 3 x 1099511627776 has more points");
            EXPECT_TRUE(same_everywhere(text));
        };
        const mpimap::options o{.root = root};
        const auto g = grid(indices(n), std::array<std::size_t, 3>{}, indices(n));
        refused([&] { (void)mpi_map(comm(), o, sum, g); });
        refused([&] { (void)mpimap::mpi_try_map(comm(), o, sum, g); });
        refused([&] { mpimap::mpi_for_each(comm(), o, sum, g); });
        refused([&] { (void)mpimap::mpi_map_reduce(comm(), o, std::plus<>(), std::size_t{0}, sum, g); });
        const std::string endless = text_of<mpimap::invalid_argument>(
            [&] { (void)mpi_map(comm(), o, sum, grid(indices(3), indices())); });
        EXPECT_CONTAINS(endless, "an axis of a grid has no end");
        EXPECT_EQ(text_of<mpimap::invalid_argument>(
                      [&] { (void)mpi_map(comm(), o, sum, grid(as, std::views::iota(0))); }),
                  endless);
        expect_next_call_works(root);
    });
}

int add(int x, int y) {
    return x + y;
}

TEST(grid, on_the_root_alone_is_another_call) {
    if (size() == 1)
        GTEST_SKIP() << "needs a rank beside the root";
    const std::vector<int> none;
    (void)text_of<mpimap::mismatched_call>([&] {
        if (rank() == 0) {
            (void)mpi_map(comm(), add, grid(as, bs));
        } else {
            (void)mpi_map(comm(), add, none, none);
        }
    });
    expect_next_call_works();
    // But the axes may be others than the root's.
    const auto mine = rank() == 0 ? as : none;
    expect_on_root(0, mpi_map(comm(), add, grid(mine, bs)), sums(as, bs));
}

// ---------------------------------------------------------------- forms of calls

TEST(grid, goes_with_every_collective_call) {
    for_each_root([](int root) {
        const mpimap::options o{.root = root};
        const bool here = rank() == root;
        const std::vector<int> expected = sums(as, bs, cs);
        const auto g = grid(as, bs, cs);
        expect_on_root(root, mpimap::mpi_starmap(comm(), o, sum, g), expected);
        std::vector<int> out(here ? expected.size() : 0);
        mpimap::mpi_map_into(comm(), o, sum, out, g);
        expect_on_root(root, out, expected);
        EXPECT_EQ(mpi_map(comm(), {.root = root, .results = mpimap::results::everywhere}, sum, g), expected);
        const auto tried = mpimap::mpi_try_map(comm(), o, sum, g);
        ASSERT_EQ(tried.size(), here ? expected.size() : 0);
        for (std::size_t i = 0; i < tried.size(); ++i)
            EXPECT_EQ(*tried[i], expected[i]);
        runs = 0;
        mpimap::mpi_for_each(
            comm(), o, [](int a, int b, int c) { runs += a + b + c; }, g);
        EXPECT_EQ(sum_over_ranks(runs), std::accumulate(expected.begin(), expected.end(), 0L));
        const int total = mpimap::mpi_map_reduce(comm(), o, std::plus<>(), 5, sum, g);
        EXPECT_EQ(total, here ? std::accumulate(expected.begin(), expected.end(), 5) : 5);
        const auto indices_of = [](mpimap::task t, int a, int b, int c) {
            return std::pair(t.index(), a + b + c);
        };
        const auto numbered = mpi_map(comm(), o, indices_of, g);
        for (std::size_t i = 0; i < numbered.size(); ++i)
            EXPECT_EQ(numbered[i], std::pair(i, expected[i]));
    });
}

TEST(grid, folds_to_the_same_bits_as_indices_do) {
    std::vector<double> xs(100);
    for (std::size_t i = 0; i < xs.size(); ++i)
        xs[i] = 1.0 / static_cast<double>(i + 1);
    const auto f = [](double x, double y) { return x * y + 0.1; };
    const double of_grid = mpimap::mpi_map_reduce(comm(), std::plus<>(), 0.0, f, grid(xs, xs));
    const auto by_index = [](const std::vector<double>& x, std::size_t i) {
        return x[i / 100] * x[i % 100] + 0.1;
    };
    EXPECT_EQ(of_grid, mpimap::mpi_map_reduce(comm(), std::plus<>(), 0.0, by_index, mpimap::broadcast(xs),
                                              indices(10'000)));
}

/// An image of which each point is known by its place.
TEST(grid, fills_a_buffer_that_its_shape_indexes) {
    const std::vector<double> xs{0, 0.5, 1, 1.5};
    const std::vector<double> ys{2, 4, 8};
    const std::vector<std::string> modes{"sum", "product"};
    const auto f = [](const std::string& mode, double x, double y) { return mode == "sum" ? x + y : x * y; };
    const grid_shape shape(modes.size(), xs.size(), ys.size());
    std::vector<double> image(rank() == 0 ? shape.size() : 0);
    mpimap::mpi_map_into(comm(), f, image, grid(modes, xs, ys));
    for (std::size_t i = 0; i < image.size(); ++i) {
        const auto [mode, x, y] = shape.indices(i);
        EXPECT_EQ(image[i], f(modes[mode], xs[x], ys[y]));
        EXPECT_EQ(image[shape.index(mode, x, y)], image[i]);
    }
}

TEST(grid, tells_the_point_that_failed) {
    const std::vector<std::string> names{"argon", "neon"};
    const std::vector<double> pressures{1.5, 2.5, 3.5};
    const auto f = [](const std::string& name, double p, const plain&) -> double {
        if (name == "neon" && p == 2.5)
            throw std::domain_error("no convergence");
        return p;
    };
    for_each_root([&](int root) {
        const std::string text = text_of<mpimap::map_error>([&] {
            (void)mpi_map(comm(), {.root = root, .on_error = mpimap::on_error::collect}, f,
                          grid(names, pressures, std::vector<plain>{{1, 2}}));
        });
        EXPECT_CONTAINS(text, "1 of 6 items failed\n  item 4 (neon, 2.5, ?) on rank ");
        EXPECT_CONTAINS(text, "no convergence");
        expect_next_call_works(root);
    });
}

TEST(grid, runs_failed_points_again) {
    const auto f = [first = true](mpimap::task t, int a, int b) mutable {
        if (t.index() % 2 == 1 && std::exchange(first, false))
            throw std::runtime_error("the first attempt");
        return a + b;
    };
    for_each_root([&](int root) {
        expect_on_root(root,
                       mpi_map(comm(), {.root = root, .attempts = 20}, f, grid(std::views::iota(0, 40), bs)),
                       sums(count_to(40), bs));
    });
}

TEST(grid, whose_values_cannot_be_sent_or_computed_fails_on_every_rank) {
    for_each_root([](int root) {
        const mpimap::options o{.root = root};
        const auto fails = [&](const auto& axis, const std::string& why) {
            const std::string text = text_of<mpimap::map_error>([&] {
                (void)mpi_map(
                    comm(), o, [](const auto& x, int) { return x.value; }, grid(axis, as));
            });
            EXPECT_CONTAINS(text, why);
            EXPECT_TRUE(same_everywhere(text));
            expect_next_call_works(root);
        };
        fails(std::vector<fails_to_save>{{1}, {3}}, "will not be saved");
        if (size() > 1)
            fails(std::vector<fails_to_load>{{1}, {3}}, "will not be loaded");
        fails(as | std::views::transform([](int x) -> fails_to_load {
                  if (x == 3)
                      throw std::runtime_error("will not be computed");
                  return {};
              }),
              "will not be computed");
    });
}

// ---------------------------------------------------------------- pools

TEST(grid, goes_with_every_call_of_a_pool) {
    with_pool_of_each_root([](pool& p) {
        const std::vector<std::string> names{"a", "b", "c"};
        const std::list<int> numbers{1, 2, 3, 4};
        const auto f = [](const std::string& s, int i, double k) { return s + std::to_string(k * i); };
        const auto g = grid(names, numbers);
        const auto half = mpimap::broadcast(0.5);
        std::vector<std::string> expected;
        for (const std::string& s : names)
            for (const int i : numbers)
                expected.push_back(f(s, i, 0.5));
        EXPECT_EQ(p.map(f, g, half), expected);
        EXPECT_EQ(p.map(f, g, p.share(0.5)), expected);
        EXPECT_EQ(
            p.starmap([](const std::string& s, int i) { return s.size() + static_cast<std::size_t>(i); }, g),
            (std::vector<std::size_t>{2, 3, 4, 5, 2, 3, 4, 5, 2, 3, 4, 5}));
        std::vector<std::string> out(12);
        p.map_into(f, out, g, half);
        EXPECT_EQ(out, expected);
        p.for_each(f, g, half);
        EXPECT_EQ(*p.try_map(f, g, half).at(7), expected[7]);
        EXPECT_EQ(p.map_reduce(std::plus<>(), std::string(), f, g, half),
                  std::accumulate(expected.begin(), expected.end(), std::string()));
        EXPECT_EQ(p.amap(f, g, half).get(), expected);
        EXPECT_EQ(all_of(p.imap(f, g, half)), expected);
        std::map<std::size_t, std::string> unordered;
        for (auto& [i, s] : p.uimap(f, g, half))
            EXPECT_TRUE(unordered.emplace(i, s).second);
        ASSERT_EQ(unordered.size(), 12U);
        for (const auto& [i, s] : unordered)
            EXPECT_EQ(s, expected[i]);
        EXPECT_EQ(*all_of(p.try_imap(f, g, half)).at(7), expected[7]);
        std::size_t tried = 0;
        for (auto& [i, r] : p.try_uimap(f, g, half)) {
            EXPECT_EQ(*r, expected[i]);
            ++tried;
        }
        EXPECT_EQ(tried, 12U);
        EXPECT_TRUE(all_of(p.imap(f, grid(std::vector<std::string>(), numbers), half)).empty());
        // One-pass ranges beside it, of which the difference in length shows late.
        EXPECT_EQ(all_of(p.imap(sum, grid(as, bs), std::views::iota(0) | std::views::take(6))),
                  (std::vector<int>{11, 22, 14, 25, 17, 28}));
        EXPECT_CONTAINS(
            text_of<mpimap::invalid_argument>([&] { (void)p.imap(sum, grid(as, bs), std::vector<int>(5)); }),
            "differ in length (6, 6, 5)");
        EXPECT_CONTAINS(text_of<mpimap::invalid_argument>([&] {
                            const std::size_t n = std::size_t{1} << 40U;
                            (void)p.imap(sum, grid(indices(n), indices(n)));
                        }),
                        "1099511627776 x 1099511627776");
        expect_usable(p);
    });
}

TEST(grid, that_was_an_rvalue_is_kept_by_calls_in_flight) {
    with_pool_of_each_root([](pool& p) {
        const auto join = [](const std::string& s, int i) { return s + std::to_string(i); };
        const auto names = [] { return std::list<std::string>{"a", "b"}; };
        auto later = p.amap(join, grid(names(), std::vector<int>{1, 2}));
        auto lazy = p.imap(join, grid(names(), std::vector<int>{1, 2}));
        const std::vector<std::string> expected{"a1", "a2", "b1", "b2"};
        EXPECT_EQ(all_of(lazy), expected);
        EXPECT_EQ(later.get(), expected);
    });
}

TEST(grid, tells_the_point_that_failed_in_a_pool) {
    with_pool_of_each_root([](pool& p) {
        const auto f = [](int a, const std::string& s) {
            if (a == 2 && s == "b")
                throw std::runtime_error("no");
            return a;
        };
        const std::vector<std::string> names{"a", "b"};
        EXPECT_CONTAINS(text_of<mpimap::map_error>([&] { (void)p.map(f, grid(as, names)); }),
                        "item 3 (2, b)");
        std::size_t failed = 0;
        for (const auto& r : p.try_imap(f, grid(as, names))) {
            if (!r) {
                ++failed;
                EXPECT_EQ(r.error().index(), 3U);
                EXPECT_EQ(r.error().arguments(), "2, b");
            }
        }
        EXPECT_EQ(failed, 1U);
    });
}

} // namespace
