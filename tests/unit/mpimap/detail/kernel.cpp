// Both halves of a call without MPI: what the root writes for a chunk, what another rank makes of it, and
// what the root reads back.

#include <mpimap/detail/results.hpp>
#include <mpimap/detail/root_call.hpp>
#include <mpimap/detail/served_call.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <forward_list>
#include <functional>
#include <list>
#include <memory>
#include <numeric>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <mpimap/arguments.hpp>
#include <mpimap/grid.hpp>
#include <mpimap/serialization.hpp>

#include "failing_values.hpp"
#include "unit/mpimap/round_trip.hpp"

namespace {

using namespace mpimap::detail;
using mpimap::broadcast;
using mpimap::grid;
using mpimap::indices;
using mpimap::options;
using mpimap::task;
using mpimap_test::fails_to_load;
using mpimap_test::fails_to_save;

/// The parts of a message as they lie at the rank that receives it.
class received_message {
  public:
    explicit received_message(writer& out) : m_(out) {
        for (const auto& s : m_.spans)
            sizes_.push_back(s.size());
    }
    [[nodiscard]] reader body() const {
        return reader(m_.body.data(), m_.body.size(), sizes_.data(), sizes_.size());
    }
    /// What the channel does: spans that nobody asked for are dropped.
    void fill(const std::vector<target_span>& targets) const {
        for (std::size_t i = 0; i < targets.size(); ++i) {
            ASSERT_EQ(targets[i].size, m_.spans.at(i).size());
            std::memcpy(targets[i].data, m_.spans[i].data(), targets[i].size);
        }
    }
    [[nodiscard]] std::size_t spans() const { return m_.spans.size(); }

  private:
    wire::message m_;
    std::vector<std::uint64_t> sizes_;
};

constexpr place the_root{0, 3};
constexpr place a_worker{2, 3};

/// Runs all items at one other rank, in chunks of `size`.
template <typename R, typename F, typename... Args>
class served {
  public:
    using root_type = root_call<F, slots_for<R>, Args...>;

    served(std::size_t size, const options& o, const F& f, Args&... args)
        : served(false, size, o, f, args...) {}
    /// `hands_on`: of each chunk the second half is run from what was encoded for the whole.
    served(bool hands_on, std::size_t size, const options& o, const F& f, Args&... args)
        : root_(the_root, o, f, args...), worker_(a_worker), hands_on_(hands_on) {
        root_.make_slots(root_.items());
        writer setup;
        root_.write_setup(setup);
        const received_message sent(setup);
        reader in = sent.body();
        worker_.read_setup(in);
        sent.fill(in.targets());
        for (std::size_t first = 0; first < root_.items(); first += size)
            run_chunk({first, std::min(size, root_.items() - first)});
    }
    std::vector<R> results() { return root_.slots().take_all(); }
    [[nodiscard]] const failures& failed() const { return failed_; }

  private:
    void run_chunk(item_range items) {
        outgoing message;
        if (root_.write_chunk(items, message, failed_) != items.count)
            return;
        const received_message arguments(message.out);
        const std::size_t half = hands_on_ ? items.count / 2 : 0;
        if (half != 0)
            run(items, half, 0, arguments); // whoever has the rest gave it back
        const std::size_t rest = items.count - half;
        run({items.first + half, rest}, rest, half, arguments);
    }
    /// The first `count` of the items.
    void run(item_range items, std::size_t count, std::size_t skipped, const received_message& arguments) {
        reader in = arguments.body();
        std::size_t readable = 0;
        const std::unique_ptr<chunk> c = worker_.read_chunk(items, skipped, in, readable, failed_);
        arguments.fill(in.targets());
        std::size_t done = 0;
        while (done < std::min(readable, count))
            done = c->run(done, std::min(readable, count), false, failed_);
        std::size_t written = 0;
        while (written < done) {
            outgoing message;
            const std::size_t to = c->write_results(written, done, message, failed_);
            const received_message results(message.out);
            reader back = results.body();
            std::function<void()> complete;
            EXPECT_EQ(root_.read_results({items.first + written, to - written}, back, failed_, complete),
                      to - written);
            results.fill(back.targets());
            if (complete)
                complete();
            if (to == written)
                break;
            written = to;
        }
    }

    root_type root_;
    served_call<F, kept_results<R>, Args...> worker_;
    bool hands_on_;
    failures failed_;
};

template <typename F, typename... Args>
using result_type = result_of<callable_of<F>, element_t<Args>...>;

/// The results of f over args, each item run at another rank; checks chunks of one, of seven and of all
/// items.
template <typename F, typename... Args>
auto mapped(const F& f, Args... args) {
    using R = result_type<F, Args...>;
    served<R, F, Args...> all(1000000, options{}, f, args...);
    EXPECT_TRUE(all.failed().empty());
    auto results = all.results();
    if constexpr (std::equality_comparable<R> && std::copyable<R>) {
        for (const std::size_t size : {1U, 7U}) {
            served<R, F, Args...> parts(size, options{}, f, args...);
            EXPECT_TRUE(parts.results() == results) << "chunks of " << size;
            served<R, F, Args...> halves(true, size, options{}, f, args...);
            EXPECT_TRUE(halves.results() == results) << "halves of chunks of " << size;
        }
    }
    return results;
}

std::vector<double> numbers(std::size_t n) {
    std::vector<double> v(n);
    for (std::size_t i = 0; i < n; ++i)
        v[i] = 0.5 * static_cast<double>(i);
    return v;
}

struct adds_when_loaded {
    int value = 0;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        int stored = value;
        ar& stored;
        if (Archive::is_loading::value)
            value += stored;
    }
};

} // namespace

TEST(kernel, columns_of_bytes) {
    const auto add = [](double x, int y) { return x + y; };
    const auto xs = numbers(20);
    const std::vector<int> ys(20, 3);
    const auto r = mapped(add, xs, ys);
    for (std::size_t i = 0; i < 20; ++i)
        EXPECT_EQ(r[i], xs[i] + 3);
    EXPECT_TRUE(mapped(add, std::vector<double>(), std::vector<int>()).empty());
}

TEST(kernel, large_columns_are_not_copied) {
    const auto xs = numbers(20000);
    const auto same = [](double x) { return x; };
    using call = root_call<std::remove_const_t<decltype(same)>, slots_for<double>, const std::vector<double>>;
    call root(the_root, options{}, same, xs);
    outgoing message;
    failures failed;
    EXPECT_EQ(root.write_chunk({5, 15000}, message, failed), 15000U);
    ASSERT_EQ(message.out.spans().size(), 1U);
    EXPECT_EQ(message.out.spans()[0].data, reinterpret_cast<const std::byte*>(xs.data() + 5));
    EXPECT_EQ(mapped(same, xs), xs);
}

TEST(kernel, every_kind_of_range) {
    const auto twice = [](int x) { return 2 * x; };
    const std::vector<int> expected{2, 4, 6, 8, 10, 12, 14, 16, 18};
    EXPECT_EQ(mapped(twice, std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8, 9}), expected);
    EXPECT_EQ(mapped(twice, std::list<int>{1, 2, 3, 4, 5, 6, 7, 8, 9}), expected);
    EXPECT_EQ(mapped(twice, std::forward_list<int>{1, 2, 3, 4, 5, 6, 7, 8, 9}), expected);
    EXPECT_EQ(mapped(twice, std::array<int, 9>{1, 2, 3, 4, 5, 6, 7, 8, 9}), expected);
    EXPECT_EQ(mapped(twice, std::views::iota(1, 10)), expected);
    EXPECT_EQ(mapped(twice, std::views::iota(0, 9) | std::views::transform([](int i) { return i + 1; })),
              expected);
    const auto long_list = [] {
        std::list<int> l;
        for (int i = 0; i < 1000; ++i)
            l.push_back(i);
        return l;
    }();
    const auto r = mapped(twice, long_list);
    ASSERT_EQ(r.size(), 1000U);
    EXPECT_EQ(r[999], 1998);
}

TEST(kernel, bools) {
    const auto no = [](bool b) { return !b; };
    EXPECT_EQ(mapped(no, std::vector<bool>{true, false, false}), (std::vector<bool>{false, true, true}));
}

TEST(kernel, values_that_are_encoded) {
    const auto repeat = [](const std::string& s, int n) {
        std::vector<std::string> v(static_cast<std::size_t>(n), s);
        return v;
    };
    const auto r = mapped(repeat, std::vector<std::string>{"a", std::string(100000, 'b'), ""},
                          std::vector<int>{1, 2, 0});
    ASSERT_EQ(r.size(), 3U);
    EXPECT_EQ(r[0], std::vector<std::string>{"a"});
    EXPECT_EQ(r[1], std::vector<std::string>(2, std::string(100000, 'b')));
    EXPECT_TRUE(r[2].empty());
    const auto length = [](const std::string& s) { return s.size(); };
    const auto lengths = mapped(length, std::views::iota(1, 4) | std::views::transform([](int i) {
                                            return std::string(static_cast<std::size_t>(i) * 40000, 'v');
                                        }));
    EXPECT_EQ(lengths, (std::vector<std::size_t>{40000, 80000, 120000}));
}

TEST(kernel, a_chunk_has_nothing_of_the_one_before) {
    std::vector<std::vector<std::string>> shrinking;
    std::vector<adds_when_loaded> fresh;
    for (std::size_t i = 0; i < 20; ++i) {
        shrinking.emplace_back((27 - i) % 9, std::string(30 - i, 'x'));
        fresh.push_back({static_cast<int>(i)});
    }
    EXPECT_EQ(mapped([](const std::vector<std::string>& x) { return x; }, shrinking), shrinking);
    std::vector<int> expected(20);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(mapped([](const adds_when_loaded& x) { return x.value; }, fresh), expected);
}

TEST(kernel, constants_and_indices) {
    const auto pick = [](const std::vector<double>& t, std::size_t i) { return t.at(i); };
    EXPECT_EQ(mapped(pick, broadcast(numbers(10)), indices(10)), numbers(10));
    EXPECT_EQ(mapped(pick, broadcast(numbers(20000)), indices(3, 5)), (std::vector<double>{1.5, 2.0}));
    const auto sum = [](double x, std::size_t i) { return x + static_cast<double>(i); };
    EXPECT_EQ(mapped(sum, std::vector<double>{1, 1, 1}, indices()), (std::vector<double>{1, 2, 3}));
}

/// The same, of a grid beside other arguments.
template <typename F, typename... Args>
auto mapped_apart(const F& f, Args&&... args) {
    return take_apart([&](auto... a) { return mapped(f, a...); }, std::forward<Args>(args)...);
}

TEST(kernel, grids) {
    const auto join = [](const std::string& s, int x, bool b, std::size_t i) {
        return s + std::to_string(x) + (b ? "+" : "-") + std::to_string(i);
    };
    const std::vector<std::string> names{"a", "b", std::string(100000, 'c')};
    const std::list<int> numbers{7, 8};
    std::vector<std::string> expected;
    for (const std::string& s : names)
        for (const int x : numbers)
            for (const bool b : {true, false})
                for (std::size_t i = 4; i < 6; ++i)
                    expected.push_back(join(s, x, b, i));
    EXPECT_EQ(mapped_apart(join, grid(names, numbers, std::vector<bool>{true, false}, indices(4, 6))),
              expected);
    const auto empty = mapped_apart(join, grid(names, std::vector<int>(), std::array{true}, indices(4)));
    EXPECT_TRUE(empty.empty());
}

TEST(kernel, grids_beside_other_arguments) {
    const auto f = [](double x, int i, double y, double k, int j, std::size_t n) {
        return k * x + y * i + 10 * j + 100 * static_cast<double>(n);
    };
    const auto xs = numbers(6);
    const std::vector<double> ys{2, 3};
    const std::vector<int> is{1, 2, 3};
    std::vector<double> expected;
    for (std::size_t n = 0; n < 6; ++n)
        expected.push_back(f(xs[n], is[n / 2], ys[n % 2], 0.5, static_cast<int>(n % 3), n));
    EXPECT_EQ(mapped_apart(f, xs, grid(is, ys), broadcast(0.5),
                           grid(std::views::iota(0, 6) | std::views::transform([](int i) { return i % 3; })),
                           indices()),
              expected);
}

TEST(kernel, an_axis_that_is_an_array_is_sent_from_where_it_is) {
    const auto xs = numbers(20000);
    const auto some = std::span<const double>(xs).subspan(1, 10000);
    const auto add = [](double x, double y) { return x + y; };
    take_apart(
        [&](auto... axes) {
            using function = std::remove_const_t<decltype(add)>;
            root_call<function, slots_for<double>, decltype(axes)...> root(the_root, options{}, add, axes...);
            writer setup;
            root.write_setup(setup);
            ASSERT_EQ(setup.spans().size(), 2U);
            EXPECT_EQ(setup.spans()[0].data, reinterpret_cast<const std::byte*>(xs.data()));
            EXPECT_EQ(setup.spans()[1].data, reinterpret_cast<const std::byte*>(xs.data() + 1));
        },
        grid(xs, some));
}

TEST(kernel, the_items_of_a_grid_are_not_sent) {
    const auto xs = numbers(1000);
    const auto add = [](double x, double y) { return x + y; };
    take_apart(
        [&](auto... axes) {
            using function = std::remove_const_t<decltype(add)>;
            root_call<function, slots_for<double>, decltype(axes)...> root(the_root, options{}, add, axes...);
            EXPECT_EQ(root.items(), 1'000'000U);
            outgoing message;
            failures failed;
            EXPECT_EQ(root.write_chunk({5, 900'000}, message, failed), 900'000U);
            EXPECT_EQ(message.out.size(), 0U);
        },
        grid(xs, xs));
}

TEST(kernel, the_root_computes_a_value_of_an_axis_once) {
    int computed = 0;
    const auto squares = std::views::iota(0, 5) | std::views::transform([&computed](int i) {
                             ++computed;
                             return std::to_string(i * i);
                         });
    const auto join = [](const std::string& a, int b, const std::string& c) {
        return a + "," + std::to_string(b) + "," + c;
    };
    take_apart(
        [&](auto... axes) {
            using function = std::remove_const_t<decltype(join)>;
            root_call<function, slots_for<std::string>, decltype(axes)...> root(the_root, options{}, join,
                                                                                axes...);
            root.make_slots(root.items());
            writer setup;
            root.write_setup(setup);
            copy_function(root);
            failures failed;
            EXPECT_EQ(root.run_here({0, 200}, true, failed), 200U);
            EXPECT_EQ(root.slots().take_all()[199], "16,7,16");
        },
        grid(squares, std::views::iota(0, 8), squares));
    EXPECT_EQ(computed, 10);
}

TEST(kernel, an_item_knows_its_task) {
    const auto where = [](task t, int) { return std::tuple(t.index(), t.rank(), t.size()); };
    const auto r = mapped(where, std::vector<int>(10));
    for (std::size_t i = 0; i < r.size(); ++i)
        EXPECT_EQ(r[i], std::tuple(i, a_worker.rank, a_worker.size));
}

TEST(kernel, results_that_only_move_or_have_no_default) {
    class kelvin {
      public:
        explicit kelvin(double t) : t_(t) {}
        [[nodiscard]] double value() const { return t_; }

      private:
        double t_;
    };
    const auto r = mapped([](double x) { return kelvin(x); }, numbers(3));
    ASSERT_EQ(r.size(), 3U);
    EXPECT_EQ(r[2].value(), 1.0);
    const auto u = mapped([](double x) { return std::make_unique<double>(x); }, numbers(3));
    ASSERT_EQ(u.size(), 3U);
    EXPECT_EQ(*u[2], 1.0);
}

TEST(kernel, items_that_throw_are_told_with_their_arguments) {
    const auto f = [](int i, const std::string& s) -> int {
        if (i % 4 == 1)
            throw std::domain_error("no " + s);
        return i;
    };
    const std::vector<int> is{0, 1, 2, 3, 4, 5};
    const std::vector<std::string> ss(6, "good");
    served<int, decltype(f), const std::vector<int>, const std::vector<std::string>> s(4, options{}, f, is,
                                                                                       ss);
    ASSERT_EQ(s.failed().size(), 2U);
    EXPECT_EQ(s.failed()[0].index, 1U);
    EXPECT_EQ(s.failed()[0].rank, a_worker.rank);
    EXPECT_EQ(s.failed()[0].arguments, "1, good");
    EXPECT_EQ(s.failed()[0].what, "no good");
    EXPECT_EQ(s.failed()[1].index, 5U);
    EXPECT_EQ(s.results()[4], 4);
}

TEST(kernel, arguments_that_cannot_be_sent_are_failures_of_their_item) {
    const auto f = [](const fails_to_save& x) { return x.value; };
    const std::vector<fails_to_save> xs{{1}, {2}, {3}, {4}};
    root_call<std::remove_const_t<decltype(f)>, slots_for<int>, const std::vector<fails_to_save>> root(
        the_root, options{}, f, xs);
    outgoing message;
    failures failed;
    EXPECT_EQ(root.write_chunk({0, 4}, message, failed), 2U);
    ASSERT_EQ(failed.size(), 1U);
    EXPECT_EQ(failed[0].index, 2U);
    EXPECT_EQ(failed[0].what, "will not be saved");
    outgoing rest;
    EXPECT_EQ(root.write_chunk({3, 1}, rest, failed), 1U);
}

TEST(kernel, an_item_that_cannot_be_read_leaves_no_place_for_its_arrays) {
    // The array of the third item was to be received into a value that is gone when its second part throws.
    using item = std::variant<std::monostate, std::pair<std::vector<double>, fails_to_load>>;
    std::vector<item> xs;
    for (int i = 1; i <= 4; ++i)
        xs.emplace_back(std::pair(numbers(20000), fails_to_load{i}));
    const auto f = [](const item& x) { return std::get<1>(x).second.value; };
    using function = std::remove_const_t<decltype(f)>;
    root_call<function, slots_for<int>, std::vector<item>> root(the_root, options{}, f, xs);
    outgoing message;
    failures failed;
    ASSERT_EQ(root.write_chunk({0, 4}, message, failed), 4U);
    const received_message sent(message.out);
    ASSERT_EQ(sent.spans(), 4U);
    served_call<function, kept_results<int>, std::vector<item>> worker(a_worker);
    reader in = sent.body();
    std::size_t readable = 0;
    const auto c = worker.read_chunk({0, 4}, 0, in, readable, failed);
    EXPECT_EQ(readable, 2U);
    EXPECT_EQ(in.targets().size(), 2U);
    sent.fill(in.targets());
    ASSERT_EQ(failed.size(), 1U);
    EXPECT_EQ(failed[0].index, 2U);
    EXPECT_EQ(failed[0].what, "will not be loaded");
    // Ahead of a chunk it is no item of that: nothing behind it can be read.
    failed.clear();
    reader again = sent.body();
    (void)worker.read_chunk({3, 1}, 3, again, readable, failed);
    EXPECT_EQ(readable, 0U);
    EXPECT_TRUE(failed.empty());
}

TEST(kernel, results_that_cannot_be_sent_are_failures_of_their_item) {
    const auto f = [](int i) { return fails_to_save{i}; };
    const std::vector<int> is{1, 2, 3, 4, 5};
    served<fails_to_save, decltype(f), const std::vector<int>> s(5, options{}, f, is);
    ASSERT_EQ(s.failed().size(), 1U);
    EXPECT_EQ(s.failed()[0].index, 2U);
    EXPECT_EQ(s.failed()[0].rank, a_worker.rank);
}

TEST(kernel, the_root_reads_its_items_in_place) {
    const std::vector<std::string> ss{"a", "b"};
    const auto address = [](const std::string& s) { return reinterpret_cast<std::uintptr_t>(&s); };
    using function = std::remove_const_t<decltype(address)>;
    root_call<function, slots_for<std::uintptr_t>, const std::vector<std::string>> root(the_root, options{},
                                                                                        address, ss);
    root.make_slots(root.items());
    copy_function(root);
    failures failed;
    EXPECT_EQ(root.run_here({0, 2}, true, failed), 2U);
    const auto r = root.slots().take_all();
    EXPECT_EQ(r[1], reinterpret_cast<std::uintptr_t>(&ss[1]));
}
