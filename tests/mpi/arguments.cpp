// Every kind of argument: ranges of all kinds and elements, broadcast values, indices; and mpi_starmap.

#include <mpimap/mpimap.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <forward_list>
#include <list>
#include <map>
#include <numeric>
#include <ranges>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "mpi_test.hpp"

using namespace mpimap_test;
using mpimap::mpi_map;
using mpimap::mpi_starmap;
using mpimap::schedule;

namespace {

constexpr auto triple = [](int x) { return 3 * x; };

std::vector<int> count_to(std::size_t n) {
    std::vector<int> all(n);
    std::iota(all.begin(), all.end(), 0);
    return all;
}

/// The schedules that cut a range in different ways.
std::vector<mpimap::options> cuts(int root) {
    std::vector<mpimap::options> all(3);
    for (mpimap::options& o : all)
        o.root = root;
    all[1].schedule = schedule::static_;
    all[2].schedule = schedule::dynamic;
    all[2].chunk = 7;
    return all;
}

/// Maps `f` over the range with several schedules and roots and compares with a plain loop.
template <typename F, typename Range>
void expect_serial(const F& f, Range&& range) {
    using result = std::decay_t<decltype(f(*std::ranges::begin(range)))>;
    std::vector<result> serial;
    for (auto&& x : range)
        serial.push_back(f(x));
    for (const int root : {0, other_root()}) {
        for (const mpimap::options& o : cuts(root))
            expect_on_root(root, mpi_map(comm(), o, f, range), serial);
    }
}

// ---------------------------------------------------------------- kinds of ranges

TEST(arguments, containers) {
    const std::vector<int> numbers = count_to(200);
    expect_serial(triple, numbers);
    expect_serial(triple, std::deque<int>(numbers.begin(), numbers.end()));
    expect_serial(triple, std::list<int>(numbers.begin(), numbers.end()));
    expect_serial(triple, std::forward_list<int>(numbers.begin(), numbers.end()));
    expect_serial(triple, std::set<int>(numbers.begin(), numbers.end()));
    std::array<int, 33> array{};
    std::iota(array.begin(), array.end(), -16);
    expect_serial(triple, array);
    int plain[20] = {};
    std::iota(std::begin(plain), std::end(plain), 5);
    expect_serial(triple, plain);
    expect_serial(triple, std::span<const int>(numbers).subspan(10, 50));
    std::vector<int> changeable = numbers;
    expect_serial(triple, std::span<int>(changeable));
    expect_serial(triple, changeable);
    EXPECT_EQ(changeable, numbers);
}

TEST(arguments, vector_of_bool) {
    std::vector<bool> bits(131);
    for (std::size_t i = 0; i < bits.size(); ++i)
        bits[i] = i % 3 == 0;
    std::vector<int> serial;
    for (const bool b : bits)
        serial.push_back(b ? 1 : 2);
    const auto f = [](const bool& b) { return b ? 1 : 2; };
    const std::vector<bool> constant = bits;
    for (const mpimap::options& o : cuts(other_root())) {
        expect_on_root(o.root, mpi_map(comm(), o, f, bits), serial);
        expect_on_root(o.root, mpi_map(comm(), o, f, constant), serial);
    }
}

TEST(arguments, views) {
    const std::vector<int> numbers = count_to(200);
    expect_serial(triple, numbers | std::views::transform([](int x) { return 10 * x; }));
    expect_serial(triple, numbers | std::views::filter([](int x) { return x % 3 == 0; }));
    expect_serial(triple, std::views::iota(-7, 40));
    expect_serial(triple, numbers | std::views::reverse | std::views::take(31));
    const std::map<int, std::string> names = {{1, "one"}, {2, "two"}, {3, "three"}, {7, "seven"}};
    expect_serial(triple, names | std::views::keys);
    expect_serial([](const std::string& s) { return s + "!"; }, names | std::views::values);
    // Elements that exist nowhere and do not travel as bytes.
    expect_serial([](const std::string& s) { return s.size(); },
                  numbers | std::views::transform(
                                [](int x) { return std::string(static_cast<std::size_t>(100 * x), 'x'); }));
    // A filter keeps its begin in itself and is no const range.
    auto odd = numbers | std::views::filter([](int x) { return x % 2 == 1; });
    expect_serial(triple, odd);
}

TEST(arguments, subranges) {
    const std::list<int> numbers = [] {
        std::list<int> all(150);
        std::iota(all.begin(), all.end(), 0);
        return all;
    }();
    expect_serial(triple, std::ranges::subrange(std::next(numbers.begin(), 5), std::prev(numbers.end(), 7)));
    const std::vector<double> reals(100, 0.5);
    expect_serial([](double x) { return 2 * x; }, std::ranges::subrange(reals.begin() + 3, reals.end()));
    expect_serial([](double x) { return 2 * x; }, std::ranges::subrange(reals.begin(), reals.begin()));
}

TEST(arguments, rvalues_are_kept_by_the_call) {
    for (const mpimap::options& o : cuts(other_root())) {
        std::vector<int> serial;
        for (int i = 0; i < 50; ++i)
            serial.push_back(3 * i);
        expect_on_root(o.root, mpi_map(comm(), o, triple, count_to(50)), serial);
        expect_on_root(o.root, mpi_map(comm(), o, triple, std::list<int>{4, 5, 6}), {12, 15, 18});
        std::vector<int> moved = count_to(50);
        expect_on_root(o.root, mpi_map(comm(), o, triple, std::move(moved)), serial);
    }
}

TEST(arguments, mixed_kinds_of_ranges_are_zipped) {
    const std::list<std::string> names = {"a", "b", "c", "d", "e"};
    const std::deque<double> weights = {1.0, 2.0, 3.0, 4.0, 5.0};
    const std::vector<bool> flags = {true, false, true, true, false};
    const auto f = [](const std::string& s, std::size_t i, double w, bool b, int v, const std::string& t) {
        return s + std::to_string(i) + (b ? t : "-") + std::to_string(static_cast<int>(w) * v);
    };
    for_each_root([&](int root) {
        for (const mpimap::options& o : cuts(root)) {
            expect_on_root<std::vector<std::string>>(
                root,
                mpi_map(comm(), o, f, names, mpimap::indices(10, 15), weights, flags,
                        std::views::iota(1) | std::views::take(5), mpimap::broadcast(std::string("+"))),
                {"a10+1", "b11-4", "c12+9", "d13+16", "e14-25"});
        }
    });
}

// ---------------------------------------------------------------- kinds of elements

TEST(arguments, strings) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < 100; ++i)
        texts.push_back(std::string(i * i, static_cast<char>('a' + i % 26)));
    expect_serial([](const std::string& s) { return s.size(); }, texts);
    expect_serial([](const std::string& s) { return s + "?"; }, texts);
}

TEST(arguments, nested_vectors) {
    std::vector<std::vector<std::vector<int>>> rows(40);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        for (std::size_t k = 0; k < i % 5; ++k)
            rows[i].push_back(count_to(k * i));
    }
    const auto sum = [](const std::vector<std::vector<int>>& row) {
        long s = static_cast<long>(row.size());
        for (const std::vector<int>& part : row)
            s = std::accumulate(part.begin(), part.end(), s);
        return s;
    };
    expect_serial(sum, rows);
}

TEST(arguments, large_vectors_travel_on_their_own) {
    // Beyond any threshold below which arrays are copied into the message, and around it.
    std::vector<std::vector<double>> tables;
    for (const std::size_t n : {0UL, 1UL, 8191UL, 8192UL, 8193UL, 16384UL, 20000UL, 100000UL, 300000UL})
        tables.emplace_back(n, 1.0 / (1.0 + static_cast<double>(n)));
    for (std::size_t i = 0; i < 40; ++i)
        tables.emplace_back(10000 + i, static_cast<double>(i));
    const auto sum = [](const std::vector<double>& table) {
        return std::accumulate(table.begin(), table.end(), static_cast<double>(table.size()));
    };
    expect_serial(sum, tables);
    // The same as temporaries, which must live until they have been sent.
    expect_serial(sum, tables | std::views::transform([](const std::vector<double>& t) { return t; }));
}

TEST(arguments, map_entries_and_pairs) {
    std::map<std::string, std::vector<int>> entries;
    for (std::size_t i = 0; i < 50; ++i)
        entries["key " + std::to_string(i)] = count_to(i);
    const auto describe = [](const auto& entry) {
        return entry.first + ":" + std::to_string(entry.second.size());
    };
    expect_serial(describe, entries);
    std::vector<std::pair<std::string, std::vector<double>>> pairs;
    for (std::size_t i = 0; i < 50; ++i)
        pairs.emplace_back(std::to_string(i), std::vector<double>(i, 0.25));
    expect_serial(describe, pairs);
    std::vector<std::pair<int, double>> plain;
    for (int i = 0; i < 50; ++i)
        plain.emplace_back(i, 0.5 * i);
    expect_serial([](const std::pair<int, double>& p) { return p.first + p.second; }, plain);
}

struct no_default {
    explicit no_default(int v) : value(v) {}
    int value;
};
struct no_default_deep {
    no_default id;
    std::string name;
};

TEST(arguments, elements_without_default_constructor) {
    std::vector<no_default> plain;
    std::vector<no_default_deep> deep;
    for (int i = 0; i < 60; ++i) {
        plain.emplace_back(i);
        deep.push_back({no_default(2 * i), std::string(static_cast<std::size_t>(i), 'n')});
    }
    expect_serial([](const no_default& x) { return 3 * x.value; }, plain);
    expect_serial([](const no_default& x) { return 3 * x.value; },
                  std::list<no_default>(plain.begin(), plain.end()));
    expect_serial([](const no_default_deep& x) { return x.id.value + static_cast<int>(x.name.size()); },
                  deep);
}

struct alignas(64) cache_line {
    std::uint64_t value = 0;
};
struct alignas(128) wide {
    double values[4] = {};
};

TEST(arguments, over_aligned_elements) {
    const auto aligned = [](const auto& x) {
        return reinterpret_cast<std::uintptr_t>(&x) % alignof(std::remove_cvref_t<decltype(x)>) == 0;
    };
    std::vector<cache_line> lines(77);
    std::vector<wide> wides(77);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        lines[i].value = i * i;
        wides[i].values[3] = static_cast<double>(i);
    }
    expect_serial([](const cache_line& x) { return x.value; }, lines);
    expect_serial([](const wide& x) { return x.values[3]; }, wides);
    for (const mpimap::options& o : cuts(0)) {
        expect_on_root(0, mpi_map(comm(), o, aligned, lines), std::vector<bool>(77, true));
        expect_on_root(0, mpi_map(comm(), o, aligned, wides), std::vector<bool>(77, true));
        expect_on_root(0,
                       mpi_map(
                           comm(), o, [aligned](std::size_t, const wide& w) { return aligned(w); },
                           mpimap::indices(5), mpimap::broadcast(wides[3])),
                       std::vector<bool>(5, true));
    }
}

enum class colour : unsigned char { red, green, blue };
struct record {
    std::int8_t small;
    double number;
    colour shade;
    bool operator==(const record&) const = default;
};

TEST(arguments, structs_and_enums) {
    std::vector<record> records;
    for (int i = 0; i < 100; ++i)
        records.push_back({static_cast<std::int8_t>(i), 0.1 * i, static_cast<colour>(i % 3)});
    expect_serial([](const record& r) { return r; }, records);
    expect_serial([](colour c) { return c == colour::blue; },
                  std::vector<colour>{colour::red, colour::blue, colour::green, colour::blue});
    expect_serial([](char32_t c) { return static_cast<int>(c); }, std::u32string(U"a string is a range"));
}

// ---------------------------------------------------------------- broadcast, indices

struct table {
    std::string name;
    std::vector<double> values;
};

TEST(arguments, broadcast_values) {
    for_each_root([](int root) {
        const mpimap::options o{.root = root};
        const bool here = rank() == root;
        // The root's value counts; lvalue, rvalue, small, large, plain, nested.
        const double factor = here ? 2.0 : 1000.0;
        expect_on_root<std::vector<double>>(root,
                                            mpi_map(
                                                comm(), o, [](double f, int x) { return f * x; },
                                                mpimap::broadcast(factor), std::vector<int>{1, 2, 3}),
                                            {2.0, 4.0, 6.0});
        const table big{here ? "the table" : "another",
                        std::vector<double>(here ? 200000 : 3, here ? 0.5 : 7.0)};
        const auto look_up = [](int x, const table& t) {
            return t.name + std::to_string(t.values.size()) +
                   std::to_string(t.values.at(static_cast<std::size_t>(x)) > 0.4);
        };
        const std::vector<std::string> serial(20, "the table2000001");
        expect_on_root(root, mpi_map(comm(), o, look_up, count_to(20), mpimap::broadcast(big)), serial);
        expect_on_root(root, mpi_map(comm(), o, look_up, count_to(20), mpimap::broadcast(table(big))),
                       serial);
    });
}

TEST(arguments, several_broadcast_values) {
    std::vector<std::vector<double>> matrix(30, std::vector<double>(20000, 1.0));
    matrix[7].clear();
    const std::map<std::string, int> prices = {{"apple", 3}, {"pear", 4}};
    const auto f = [](const std::vector<std::vector<double>>& m, std::size_t i,
                      const std::map<std::string, int>& p, const std::string& key) {
        return std::accumulate(m.at(i).begin(), m.at(i).end(), 0.0) * p.at(key);
    };
    std::vector<double> serial(30, 80000.0);
    serial[7] = 0.0;
    for (const mpimap::options& o : cuts(other_root())) {
        expect_on_root(o.root,
                       mpi_map(comm(), o, f, mpimap::broadcast(matrix), mpimap::indices(30),
                               mpimap::broadcast(prices), mpimap::broadcast(std::string("pear"))),
                       serial);
    }
}

/// Travels as bytes; nobody can look at its members.
class node {
  public:
    node() = default;
    explicit node(const node* next) : next_(next) {}
    bool last() const { return next_ == nullptr; }

  private:
    const node* next_ = nullptr;
};

struct labelled_nodes {
    std::string label;
    std::vector<node> nodes;
};

// Plain, but for a member.
struct numbered_node {
    long number;
    node what;
};

struct nodes_in_a_tree {
    std::map<int, nodes_in_a_tree> named;
    std::vector<nodes_in_a_tree> children;
    node what;
};

TEST(arguments, hidden_pointers_are_refused_on_every_rank) {
    const node sound;
    const std::vector<node> sound_nodes(40);
    const std::vector<node> bad_nodes(40, node(&sound));
    const std::list<node> bad_list(40, node(&sound));
    const auto last = [](const node& n) { return n.last(); };
    const auto both = [](const node& n, std::size_t) { return n.last(); };
    for (const mpimap::options& o : cuts(other_root())) {
        const auto refused = [&](const std::string& what, const auto& call) {
            const std::string text = text_of<mpimap::invalid_argument>(call);
            EXPECT_CONTAINS(text, "byte 0 of " + what);
            EXPECT_TRUE(same_everywhere(text));
            expect_next_call_works(o.root);
        };
        // Only the root's count.
        const bool here = rank() == o.root;
        refused("an argument", [&] { (void)mpi_map(comm(), o, last, here ? bad_nodes : sound_nodes); });
        refused("an argument", [&] { (void)mpi_map(comm(), o, last, bad_list); });
        refused("a broadcast value", [&] {
            (void)mpi_map(comm(), o, both, mpimap::broadcast(here ? bad_nodes[0] : sound),
                          mpimap::indices(9));
        });
        expect_on_root(o.root, mpi_map(comm(), o, last, here ? sound_nodes : bad_nodes),
                       std::vector<bool>(40, true));
        expect_on_root(
            o.root,
            mpi_map(comm(), o, both, mpimap::broadcast(here ? sound : bad_nodes[0]), mpimap::indices(9)),
            std::vector<bool>(9, true));
    }
}

TEST(arguments, pointers_are_found_wherever_they_hide) {
    static const node sound;
    const node bad(&sound);
    const auto refused = [&](const char* what, const auto& call) {
        EXPECT_CONTAINS(text_of<mpimap::invalid_argument>(call), std::string("byte 0 of ") + what);
    };
    const auto refused_in = [&](const auto& value) {
        using value_type = std::remove_cvref_t<decltype(value)>;
        const std::vector<value_type> some(5, value);
        refused("an argument", [&] {
            (void)mpi_map(
                comm(), [](const value_type&) { return 1; }, some);
        });
        refused("a broadcast value", [&] {
            mpimap::mpi_for_each(
                comm(), [](const value_type&, std::size_t) {}, mpimap::broadcast(value), mpimap::indices(3));
        });
        refused("a bound ", [&] {
            mpimap::mpi_for_each(comm(), mpimap::bind_front([](const value_type&, std::size_t) {}, value),
                                 mpimap::indices(3));
        });
    };
    refused_in(std::vector<node>{node(), bad});
    refused_in(std::list<std::vector<node>>{{}, {node(), bad}});
    refused_in(std::map<int, node>{{1, bad}});
    refused_in(std::array<node, 2>{node(), bad});
    refused_in(std::optional<node>(bad));
    refused_in(std::variant<int, node>(bad));
    refused_in(std::pair<std::string, node>("x", bad));
    refused_in(std::make_shared<node>(bad));
    refused_in(labelled_nodes{"x", {node(), bad}});
    refused_in(numbered_node{1, bad});
    refused_in(std::vector<numbered_node>{{1, node()}, {2, bad}});
    refused_in(nodes_in_a_tree{{}, {{{}, {}, node()}}, bad});
    // Bounded: the first few of what can hide something.
    std::vector<node> many(1000);
    many.back() = bad;
    EXPECT_NO_THROW(mpimap::mpi_for_each(
        comm(), [](const std::vector<node>&) {}, std::vector<std::vector<node>>(2, many)));
    expect_next_call_works(0);
}

TEST(arguments, broadcast_reads_the_roots_own_value_in_place) {
    static const table* at_root = nullptr;
    const table big{"big", std::vector<double>(1000)};
    at_root = &big;
    const auto in_place = [](mpimap::task t, std::size_t, const table& seen) {
        return t.rank() != 0 || &seen == at_root;
    };
    expect_on_root(0, mpi_map(comm(), in_place, mpimap::indices(100), mpimap::broadcast(big)),
                   std::vector<bool>(100, true));
}

TEST(arguments, items_of_the_root_are_read_in_place) {
    static const std::string* first = nullptr;
    const std::vector<std::string> texts(100, "some text that is longer than a short string");
    first = texts.data();
    const auto in_place = [](mpimap::task t, const std::string& seen) {
        return t.rank() != 0 || &seen == first + t.index();
    };
    expect_on_root(0, mpi_map(comm(), in_place, texts), std::vector<bool>(100, true));
}

TEST(arguments, indices) {
    const auto same = [](std::size_t i) { return i; };
    for (const int root : {0, other_root()}) {
        for (const mpimap::options& o : cuts(root)) {
            for (const std::size_t n : {0UL, 1UL, 2UL, 1000UL}) {
                std::vector<std::size_t> serial(n);
                std::iota(serial.begin(), serial.end(), std::size_t{0});
                expect_on_root(root, mpi_map(comm(), o, same, mpimap::indices(n)), serial);
                std::iota(serial.begin(), serial.end(), std::size_t{1} << 40);
                expect_on_root(root,
                               mpi_map(comm(), o, same,
                                       mpimap::indices(std::size_t{1} << 40, (std::size_t{1} << 40) + n)),
                               serial);
            }
        }
    }
    EXPECT_THROW((void)mpimap::indices(3, 2), mpimap::invalid_argument);
    // The root's bounds count.
    const auto mine = rank() == 0 ? mpimap::indices(5, 8) : mpimap::indices(100);
    expect_on_root<std::vector<std::size_t>>(0, mpi_map(comm(), same, mine), {5, 6, 7});
}

// ---------------------------------------------------------------- starmap

TEST(arguments, starmap_spreads_tuples_pairs_and_arrays) {
    const auto f = [](double x, int n, const std::string& s) {
        return s + std::to_string(static_cast<int>(x) * n);
    };
    const auto add = [](int x, int y) { return x + y; };
    std::vector<std::tuple<double, int, std::string>> tuples;
    std::vector<std::pair<int, int>> pairs;
    std::vector<std::array<int, 2>> arrays;
    std::vector<std::string> texts;
    std::vector<int> sums;
    for (int i = 0; i < 60; ++i) {
        tuples.emplace_back(i, i + 1, std::string(static_cast<std::size_t>(i), 's'));
        pairs.emplace_back(i, 100);
        arrays.push_back({i, 100});
        texts.push_back(f(i, i + 1, std::string(static_cast<std::size_t>(i), 's')));
        sums.push_back(i + 100);
    }
    for_each_root([&](int root) {
        for (const mpimap::options& o : cuts(root)) {
            expect_on_root(root, mpi_starmap(comm(), o, f, tuples), texts);
            expect_on_root(root, mpi_starmap(comm(), o, add, pairs), sums);
            expect_on_root(root, mpi_starmap(comm(), o, add, arrays), sums);
        }
    });
    expect_on_root(0, mpi_starmap(comm(), add, std::list<std::pair<int, int>>{{1, 2}, {3, 4}}), {3, 7});
    expect_on_root(0, mpi_starmap(comm(), add, std::map<int, int>{{1, 2}, {3, 4}}), {3, 7});
    expect_on_root(0, mpi_starmap(comm(), add, std::vector<std::pair<int, int>>{}), {});
    // A task comes first here, too; functions of all kinds.
    const auto with_task = [](mpimap::task t, int x, int y) { return static_cast<int>(t.index()) + x + y; };
    expect_on_root(0, mpi_starmap(comm(), with_task, std::vector<std::pair<int, int>>{{1, 2}, {3, 4}}),
                   {3, 8});
    expect_on_root(0,
                   mpi_starmap(comm(), mpimap::bind_front(f, 2.0),
                               std::vector<std::tuple<int, std::string>>{{1, "a"}, {2, "b"}}),
                   {"a2", "b4"});
}

double pow_of(int base, int exponent) {
    double r = 1;
    for (int i = 0; i < exponent; ++i)
        r *= base;
    return r;
}

TEST(arguments, starmap_agrees_with_map) {
    std::vector<int> numbers = count_to(10);
    std::vector<std::pair<int, int>> pairs;
    for (const int n : numbers)
        pairs.emplace_back(n, n);
    for_each_schedule(other_root(), [&](const mpimap::options& o) {
        EXPECT_EQ(mpi_starmap(comm(), o, pow_of, pairs), mpi_map(comm(), o, pow_of, numbers, numbers));
    });
    try {
        (void)mpi_starmap(
            comm(),
            [](int x, int y) {
                if (y == 0)
                    throw std::domain_error("division by zero");
                return x / y;
            },
            std::vector<std::pair<int, int>>{{1, 2}, {1, 3}, {1, 0}, {1, 5}});
        ADD_FAILURE() << "no exception";
    } catch (const mpimap::map_error& e) {
        EXPECT_EQ(e.errors().at(0).index(), 2U);
        EXPECT_THROW(e.errors().at(0).rethrow(), std::domain_error);
    }
    expect_next_call_works();
}

} // namespace
