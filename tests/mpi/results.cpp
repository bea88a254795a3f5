// Every kind of result, at the root and everywhere; and values whose serialization throws.

#include <mpimap/mpimap.hpp>
#include <mpimap/serialization.hpp>

#include <array>
#include <chrono>
#include <complex>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <stdexcept>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>

#include "mpi_test.hpp"

using namespace mpimap_test;
using mpimap::mpi_map;
using mpimap::schedule;

namespace results_test {

std::vector<int> count_to(std::size_t n) {
    std::vector<int> all(n);
    std::iota(all.begin(), all.end(), 0);
    return all;
}

/// Maps `f` over 0 ... n-1 with several roots and schedules, results to the root or to all, and compares.
template <typename F>
void expect_serial(const F& f, std::size_t n = 60) {
    using result = decltype(f(0));
    const std::vector<int> xs = count_to(n);
    std::vector<result> serial;
    for (const int x : xs)
        serial.push_back(f(x));
    for (const int root : {0, other_root()}) {
        for (const schedule s : {schedule::automatic, schedule::static_, schedule::dynamic}) {
            mpimap::options o{.root = root, .schedule = s};
            expect_on_root(root, mpi_map(comm(), o, f, xs), serial);
            o.results = mpimap::results::everywhere;
            EXPECT_EQ(mpi_map(comm(), o, f, xs), serial);
        }
    }
}

// ---------------------------------------------------------------- plain values

enum class colour : std::uint8_t { red, green, blue };

struct sample {
    std::int8_t tag;
    double value;
    std::array<float, 3> position;
    colour shade;
    bool operator==(const sample&) const = default;
};

struct nothing {
    bool operator==(const nothing&) const = default;
};

TEST(results, plain_values) {
    expect_serial([](int x) { return x % 3 == 0; });
    expect_serial([](int x) { return static_cast<char>(x); });
    expect_serial([](int x) { return static_cast<colour>(x % 3); });
    expect_serial([](int x) { return static_cast<long double>(x) / 3; });
    expect_serial([](int x) {
        return sample{
            static_cast<std::int8_t>(x), 0.1 * x, {1.0F, 2.0F, static_cast<float>(x)}, colour::blue};
    });
    expect_serial([](int) { return nothing{}; });
    expect_serial([](int x) { return std::complex<double>(x, -x); });
    expect_serial([](int x) { return std::chrono::milliseconds(x); });
    expect_serial([](int x) { return std::array<int, 4>{x, 2 * x, 3 * x, 4 * x}; });
    expect_serial([](int x) { return std::pair<int, double>(x, 0.5 * x); });
    expect_serial([](int x) { return std::tuple<int, char, double>(x, 'c', 0.5 * x); });
    expect_serial([](int x) { return static_cast<std::uint64_t>(x); }, 5000);
}

TEST(results, bits_are_kept) {
    const std::vector<double> xs = {0.0, -0.0, std::numeric_limits<double>::infinity(),
                                    std::numeric_limits<double>::denorm_min(),
                                    std::numeric_limits<double>::quiet_NaN()};
    const std::vector<double> got = mpi_map(
        comm(), {.results = mpimap::results::everywhere}, [](double x) { return x; }, xs);
    EXPECT_EQ(got.size(), xs.size());
    if (got.size() == xs.size()) {
        EXPECT_EQ(std::memcmp(got.data(), xs.data(), xs.size() * sizeof(double)), 0);
    }
}

const std::string& reference_to_static(int) {
    static const std::string text = "decays";
    return text;
}

TEST(results, decay) {
    const auto got = mpi_map(comm(), reference_to_static, count_to(10));
    static_assert(std::is_same_v<decltype(got), const std::vector<std::string>>);
    expect_on_root(0, got, std::vector<std::string>(10, "decays"));
    const auto number = mpi_map(
        comm(), [](const int& x) -> const int& { return x; }, count_to(10));
    static_assert(std::is_same_v<decltype(number), const std::vector<int>>);
    expect_on_root(0, number, count_to(10));
}

// ---------------------------------------------------------------- values of the standard library

TEST(results, strings_and_containers) {
    expect_serial([](int x) { return std::string(static_cast<std::size_t>(x * x), 'r'); });
    expect_serial([](int x) { return std::vector<double>(static_cast<std::size_t>(x), 0.5 * x); });
    expect_serial([](int x) { return std::vector<bool>(static_cast<std::size_t>(x), x % 2 == 0); });
    expect_serial([](int x) {
        return std::vector<std::vector<std::string>>(static_cast<std::size_t>(x % 5),
                                                     {"a", std::string(static_cast<std::size_t>(x), 'b')});
    });
    expect_serial([](int x) { return std::deque<std::list<int>>{{x}, {}, {1, x}}; });
    expect_serial([](int x) {
        return std::map<std::string, std::set<int>>{{"a", {x, 3}}, {std::to_string(x), {}}};
    });
    expect_serial([](int x) { return std::unordered_map<int, std::string>{{x, "x"}, {-1, "y"}}; });
    expect_serial([](int x) { return std::pair(std::to_string(x), std::vector<int>{x}); });
    expect_serial([](int x) { return std::array<std::string, 2>{"a", std::to_string(x)}; });
}

TEST(results, optional_and_variant) {
    expect_serial([](int x) { return x % 3 == 0 ? std::optional<int>() : x; });
    expect_serial([](int x) {
        return x % 3 == 0 ? std::optional<std::string>() : std::string(static_cast<std::size_t>(x), 'o');
    });
    using either = std::variant<std::monostate, int, std::string, std::vector<double>>;
    expect_serial([](int x) -> either {
        switch (x % 4) {
        case 0:
            return {};
        case 1:
            return x;
        case 2:
            return std::to_string(x);
        default:
            return std::vector<double>(20000, x);
        }
    });
}

// ---------------------------------------------------------------- the user's types

struct fit {
    std::string name;
    std::vector<double> parameters;
    std::optional<double> error;
    std::map<std::string, int> counts;
    bool converged;
    bool operator==(const fit&) const = default;
};

class with_serialize {
  public:
    with_serialize() = default;
    explicit with_serialize(int x) : name_(std::to_string(x)), tags_{{1, name_}, {x, "x"}} {}
    bool operator==(const with_serialize&) const = default;

  private:
    friend class boost::serialization::access;
    template <typename Archive>
    void serialize(Archive& ar, unsigned int) {
        ar& name_& tags_;
    }
    std::string name_;
    std::map<int, std::string> tags_;
};

/// An aggregate with a member that Boost serializes.
struct mixed {
    int id;
    with_serialize inside;
    std::vector<with_serialize> more;
    bool operator==(const mixed&) const = default;
};

TEST(results, types_of_the_user) {
    expect_serial([](int x) {
        fit f{std::to_string(x),
              std::vector<double>(static_cast<std::size_t>(x), 0.5),
              {},
              {{"n", x}},
              x % 2 == 0};
        if (x % 3 == 0)
            f.error = 0.1 * x;
        return f;
    });
    expect_serial([](int x) { return with_serialize(x); });
    expect_serial([](int x) {
        return mixed{x, with_serialize(x),
                     std::vector<with_serialize>(static_cast<std::size_t>(x % 4), with_serialize(1))};
    });
}

struct no_default {
    explicit no_default(int v) : value(v) {}
    int value;
    bool operator==(const no_default&) const = default;
};
struct no_default_deep {
    no_default id;
    std::string name;
    std::vector<no_default> more;
    bool operator==(const no_default_deep&) const = default;
};

TEST(results, without_default_constructor) {
    expect_serial([](int x) { return no_default(x); });
    expect_serial([](int x) {
        return no_default_deep{no_default(x), std::to_string(x),
                               std::vector<no_default>(static_cast<std::size_t>(x), no_default(1))};
    });
    expect_serial([](int x) { return std::optional<no_default>(x); });
    expect_serial([](int x) { return std::pair<std::string, no_default>("p", x); });
}

/// Results that are made in place or not at all.
class not_assignable {
  public:
    not_assignable() = default;
    explicit not_assignable(int v) : name_(std::to_string(v)) {}
    not_assignable(const not_assignable&) = default;
    not_assignable& operator=(const not_assignable&) = delete;
    bool operator==(const not_assignable&) const = default;

  private:
    friend class boost::serialization::access;
    template <typename Archive>
    void serialize(Archive& ar, unsigned int) {
        ar& name_;
    }
    std::string name_;
};
struct constant {
    const int value;
    double weight;
    bool operator==(const constant&) const = default;
};

TEST(results, that_cannot_be_assigned) {
    const auto got = mpi_map(
        comm(), [](int x) { return not_assignable(x); }, count_to(20));
    const auto plain = mpi_map(
        comm(),
        [](int x) {
            return constant{x, 0.5 * x};
        },
        count_to(20));
    EXPECT_EQ(got.size(), rank() == 0 ? 20U : 0U);
    EXPECT_EQ(plain.size(), got.size());
    for (std::size_t i = 0; i < std::min(got.size(), plain.size()); ++i) {
        const int x = static_cast<int>(i);
        EXPECT_EQ(got[i], not_assignable(x));
        EXPECT_EQ(plain[i], (constant{x, 0.5 * x}));
    }
}

// ---------------------------------------------------------------- pointers that own

struct animal {
    virtual ~animal() = default;
    virtual std::string says() const = 0;
    template <typename Archive>
    void serialize(Archive&, unsigned int) {}
};
struct dog : animal {
    int times = 0;
    std::string says() const override { return "woof" + std::to_string(times); }
    template <typename Archive>
    void serialize(Archive& ar, unsigned int) {
        ar& boost::serialization::base_object<animal>(*this);
        ar& times;
    }
};
struct cat : animal {
    std::string word;
    std::string says() const override { return word; }
    template <typename Archive>
    void serialize(Archive& ar, unsigned int) {
        ar& boost::serialization::base_object<animal>(*this);
        ar& word;
    }
};

std::unique_ptr<animal> make_animal(int x) {
    if (x % 5 == 4)
        return nullptr;
    if (x % 2 == 0) {
        auto d = std::make_unique<dog>();
        d->times = x;
        return d;
    }
    auto c = std::make_unique<cat>();
    c->word = std::string(static_cast<std::size_t>(x), 'm');
    return c;
}

std::string said(const animal* a) {
    return a == nullptr ? "nothing" : a->says();
}

TEST(results, unique_pointers) {
    for_each_root([](int root) {
        mpimap::options o{.root = root, .results = mpimap::results::everywhere};
        for (const schedule s : {schedule::automatic, schedule::static_}) {
            o.schedule = s;
            const std::vector<std::unique_ptr<std::vector<int>>> values = mpi_map(
                comm(), o,
                [](int x) {
                    return x % 3 == 0 ? nullptr
                                      : std::make_unique<std::vector<int>>(static_cast<std::size_t>(x), x);
                },
                count_to(40));
            const std::vector<std::unique_ptr<animal>> animals =
                mpi_map(comm(), o, make_animal, count_to(40));
            EXPECT_EQ(values.size(), 40U);
            EXPECT_EQ(animals.size(), 40U);
            for (std::size_t i = 0; i < std::min(values.size(), animals.size()); ++i) {
                EXPECT_EQ(values[i] == nullptr, i % 3 == 0);
                if (values[i] != nullptr) {
                    EXPECT_EQ(*values[i], std::vector<int>(i, static_cast<int>(i)));
                }
                EXPECT_EQ(said(animals[i].get()), said(make_animal(static_cast<int>(i)).get()));
            }
        }
    });
}

TEST(results, shared_pointers) {
    for_each_root([](int root) {
        const mpimap::options o{.root = root, .results = mpimap::results::everywhere};
        const auto texts = mpi_map(
            comm(), o, [](int x) { return std::make_shared<std::string>(std::to_string(x)); }, count_to(40));
        const auto animals = mpi_map(
            comm(), o, [](int x) { return std::shared_ptr<animal>(make_animal(x)); }, count_to(40));
        EXPECT_EQ(texts.size(), 40U);
        EXPECT_EQ(animals.size(), 40U);
        for (std::size_t i = 0; i < std::min(texts.size(), animals.size()); ++i) {
            EXPECT_EQ(*texts[i], std::to_string(i));
            EXPECT_EQ(said(animals[i].get()), said(make_animal(static_cast<int>(i)).get()));
        }
    });
}

struct node {
    int value = 0;
    std::shared_ptr<node> next;
    template <typename Archive>
    void serialize(Archive& ar, unsigned int) {
        ar& value& next;
    }
};

TEST(results, graphs_keep_their_shape) {
    const auto ring_of_two = [](int x) {
        const auto shared = std::make_shared<node>();
        shared->value = x;
        const auto first = std::make_shared<node>();
        first->next = shared;
        const auto second = std::make_shared<node>();
        second->next = shared;
        return std::pair(first, second);
    };
    const auto got = mpi_map(comm(), {.results = mpimap::results::everywhere}, ring_of_two, count_to(30));
    EXPECT_EQ(got.size(), 30U);
    for (std::size_t i = 0; i < got.size(); ++i) {
        EXPECT_EQ(got[i].first->next, got[i].second->next);
        EXPECT_EQ(got[i].first->next->value, static_cast<int>(i));
    }
}

// ---------------------------------------------------------------- large

TEST(results, large_and_many) {
    // A few MiB each, both as arguments and as results: sends and receives of both sides overlap.
    const std::size_t n = 24;
    const std::size_t length = 400'000;
    const auto argument = [=](std::size_t i) {
        return std::vector<double>(length + i, 0.5 + static_cast<double>(i));
    };
    std::vector<std::vector<double>> xs;
    if (rank() == other_root()) {
        for (std::size_t i = 0; i < n; ++i)
            xs.push_back(argument(i));
    }
    for (const schedule s : {schedule::automatic, schedule::static_, schedule::dynamic}) {
        const mpimap::options o{.root = other_root(), .schedule = s};
        const std::vector<std::vector<double>> got = mpi_map(
            comm(), o,
            [](const std::vector<double>& x) {
                std::vector<double> y(x);
                y.push_back(static_cast<double>(x.size()));
                return y;
            },
            xs);
        EXPECT_EQ(got.size(), xs.size());
        for (std::size_t i = 0; i < got.size(); ++i) {
            EXPECT_EQ(got[i].size(), xs[i].size() + 1);
            EXPECT_EQ(got[i].back(), static_cast<double>(length + i));
            EXPECT_TRUE(std::equal(xs[i].begin(), xs[i].end(), got[i].begin()));
        }
    }
}

struct block {
    std::array<double, 4096> values;
};

TEST(results, large_plain_values) {
    const auto f = [](std::size_t i) {
        block b{};
        b.values.fill(static_cast<double>(i));
        return b;
    };
    for (const schedule s : {schedule::automatic, schedule::static_, schedule::guided}) {
        const mpimap::options o{.root = other_root(), .schedule = s};
        const std::vector<block> got = mpi_map(comm(), o, f, mpimap::indices(300));
        EXPECT_EQ(got.size(), rank() == o.root ? 300U : 0U);
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < got.size(); ++i) {
            for (const double v : got[i].values)
                wrong += v == static_cast<double>(i) ? 0U : 1U;
        }
        EXPECT_EQ(wrong, 0U);
    }
}

TEST(results, large_everywhere) {
    const auto f = [](std::size_t i) { return std::vector<int>(100'000 + i, static_cast<int>(i)); };
    const auto got = mpi_map(comm(), {.results = mpimap::results::everywhere}, f, mpimap::indices(10));
    EXPECT_EQ(got.size(), 10U);
    for (std::size_t i = 0; i < got.size(); ++i)
        EXPECT_EQ(got[i], f(i));
}

// ---------------------------------------------------------------- serialization that throws

enum class trouble { none, saving, loading };

class fragile {
  public:
    fragile() = default;
    explicit fragile(trouble t) : trouble_(t) {}
    int answer() const { return 42; }

  private:
    friend class boost::serialization::access;
    template <typename Archive>
    void save(Archive& ar, unsigned int) const {
        if (trouble_ == trouble::saving)
            throw std::domain_error("cannot be saved");
        const int t = static_cast<int>(trouble_);
        ar << t;
    }
    template <typename Archive>
    void load(Archive& ar, unsigned int) {
        int t = 0;
        ar >> t;
        trouble_ = static_cast<trouble>(t);
        if (trouble_ == trouble::loading)
            throw std::length_error("cannot be loaded");
    }
    BOOST_SERIALIZATION_SPLIT_MEMBER()
    trouble trouble_ = trouble::none;
};

/// Travels as bytes; nobody can look at its members.
class handle {
  public:
    handle() = default;
    explicit handle(const int* p) : p_(p) {}
    int pointed_at() const { return *p_; }

  private:
    const int* p_ = nullptr;
};

TEST(results, hidden_pointers_are_failures_of_their_items) {
    static const int here = 0;
    const auto make = [](int x) { return x == 5 ? handle(&here) : handle(); };
    const std::vector<int> xs = count_to(40);
    for_each_root([&](int root) {
        for_each_schedule(root, [&](const mpimap::options& o) {
            const std::string text = text_of<mpimap::map_error>([&] { (void)mpi_map(comm(), o, make, xs); });
            EXPECT_CONTAINS(text, "item 5 (5)");
            EXPECT_CONTAINS(text, "byte 0 of a result");
            EXPECT_TRUE(same_everywhere(text));
            std::vector<handle> out(xs.size());
            (void)text_of<mpimap::map_error>([&] { mpimap::mpi_map_into(comm(), o, make, out, xs); });
            const auto tried = mpimap::mpi_try_map(comm(), o, make, xs);
            for (std::size_t i = 0; i < tried.size(); ++i)
                EXPECT_EQ(tried[i].has_value(), i != 5);
        });
    });
}

/// Items travel or not, depending on who runs them: where one does, the call fails, and all ranks agree.
template <typename Call>
void expect_failure_if_it_travels(const Call& call, const std::string& what, bool must_travel) {
    int thrown = 0;
    try {
        call();
    } catch (const mpimap::map_error& e) {
        thrown = 1;
        EXPECT_CONTAINS(std::string(e.what()), what);
    } catch (const std::exception& e) {
        ADD_FAILURE() << "another exception: " << e.what();
    }
    const long everywhere = sum_over_ranks(thrown);
    EXPECT_TRUE(everywhere == 0 || everywhere == size()) << everywhere << " ranks threw";
    if (must_travel) {
        EXPECT_EQ(everywhere, size());
    }
    expect_next_call_works();
    const std::vector<int> got = mpi_map(comm(), static_cast<int (*)(int)>(std::abs), std::vector<int>{-42});
    expect_on_root(0, got, {42});
}

TEST(results, serialization_that_throws_is_an_error_on_every_rank) {
    const auto answer = [](const fragile& f) { return f.answer(); };
    for_each_root([&](int root) {
        for_each_schedule(root, [&](const mpimap::options& o) {
            // One slice or block per rank: every rank has a bad one.
            const bool surely = size() > 1 && o.schedule == schedule::static_ && (!o.chunk || *o.chunk == 1);
            const std::size_t n = 2 * static_cast<std::size_t>(size());
            for (const auto& [t, what] : {std::pair(trouble::saving, "cannot be saved"),
                                          std::pair(trouble::loading, "cannot be loaded")}) {
                SCOPED_TRACE(what);
                const std::vector<fragile> bad(n, fragile(t));
                expect_failure_if_it_travels([&] { (void)mpi_map(comm(), o, answer, bad); }, what, surely);
                expect_failure_if_it_travels(
                    [&] {
                        (void)mpi_map(
                            comm(), o, [t](std::size_t) { return fragile(t); }, mpimap::indices(n));
                    },
                    what, surely);
            }
        });
        // The function and broadcast values are encoded on every call; on one rank, too.
        const mpimap::options o{.root = root};
        const fragile unsendable(trouble::saving);
        const fragile unreadable(trouble::loading);
        const auto ignore = [](std::size_t, const fragile&) { return 1; };
        const auto first = [](const fragile&, std::size_t) { return 1; };
        expect_failure_if_it_travels(
            [&] { (void)mpi_map(comm(), o, ignore, mpimap::indices(9), mpimap::broadcast(unsendable)); },
            "cannot be saved", true);
        expect_failure_if_it_travels(
            [&] { (void)mpi_map(comm(), o, ignore, mpimap::indices(9), mpimap::broadcast(unreadable)); },
            "cannot be loaded", size() > 1);
        expect_failure_if_it_travels(
            [&] { (void)mpi_map(comm(), o, mpimap::bind_front(first, unsendable), mpimap::indices(9)); },
            "cannot be saved", true);
        expect_failure_if_it_travels(
            [&] { (void)mpi_map(comm(), o, mpimap::bind_front(first, unreadable), mpimap::indices(9)); },
            "cannot be loaded", true);
    });
    // Shared results are encoded on the root, and decoded on all others.
    const mpimap::options everywhere{.results = mpimap::results::everywhere};
    expect_failure_if_it_travels(
        [&] {
            (void)mpi_map(
                comm(), everywhere, [](std::size_t) { return fragile(trouble::saving); }, mpimap::indices(1));
        },
        "cannot be saved", true);
    expect_failure_if_it_travels(
        [&] {
            (void)mpi_map(
                comm(), everywhere, [](std::size_t) { return fragile(trouble::loading); },
                mpimap::indices(1));
        },
        "cannot be loaded", size() > 1);
}

/// Its assignment wants equal sizes, as that of an array with fixed extents.
class fixed_grid {
  public:
    fixed_grid() = default;
    explicit fixed_grid(std::size_t n) : values_(n, 0.5) {}
    fixed_grid(const fixed_grid&) = default;
    fixed_grid(fixed_grid&&) = default;
    fixed_grid& operator=(const fixed_grid& other) {
        if (other.values_.size() != values_.size())
            throw std::logic_error("grids of different sizes are not assigned");
        values_ = other.values_;
        return *this;
    }
    ~fixed_grid() = default;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& values_;
    }
    friend bool operator==(const fixed_grid&, const fixed_grid&) = default;

  private:
    std::vector<double> values_;
};
struct named_grid {
    std::string name;
    fixed_grid grid;
    friend bool operator==(const named_grid&, const named_grid&) = default;
};

fixed_grid make_grid(int x) {
    return fixed_grid(static_cast<std::size_t>(x % 7));
}

TEST(results, are_made_and_not_assigned) {
    expect_serial(make_grid, 20);
    expect_serial([](int x) { return named_grid{"n", make_grid(x)}; }, 20);
    expect_serial([](int x) { return std::vector<fixed_grid>(3, make_grid(x)); }, 20);
    expect_serial([](int x) { return std::optional(make_grid(x)); }, 20);
    expect_serial([](int x) { return std::variant<fixed_grid, int>(make_grid(x)); }, 20);
    expect_serial([](int x) { return std::pair(x, make_grid(x)); }, 20);
    expect_serial([](int x) { return std::map<int, fixed_grid>{{x, make_grid(x)}}; }, 20);

    std::size_t i = 0;
    for (const auto& g : mpimap::mpi_try_map(comm(), make_grid, count_to(20)))
        EXPECT_EQ(g.value(), make_grid(static_cast<int>(i++)));
    mpimap::pool pool(comm());
    if (!pool)
        return;
    const std::vector<fixed_grid> all = pool.map(make_grid, count_to(20));
    i = 0;
    for (const fixed_grid& g : pool.imap(make_grid, count_to(20)))
        EXPECT_EQ(g, all.at(i++));
    for (const auto& [at, g] : pool.uimap(make_grid, count_to(20)))
        EXPECT_EQ(g, all.at(at));
    EXPECT_EQ(pool.submit(make_grid, 5).get(), all[5]);
    EXPECT_EQ(pool.amap(make_grid, count_to(20)).get(), all);
}

/// More than there are addresses: refused before anything is sent, with the figure.
TEST(results, that_the_root_cannot_hold_are_refused) {
    const std::size_t n = std::size_t{1} << 61U;
    for_each_root([&](int root) {
        const mpimap::options o{.root = root};
        const auto number = [](std::size_t i) { return static_cast<double>(i); };
        const auto text = [](std::size_t i) { return std::to_string(i); };
        const auto refused = [](const auto& map) {
            try {
                map();
                ADD_FAILURE() << "not refused";
            } catch (const mpimap::map_error& e) {
                const std::string what = e.what();
                EXPECT_NE(what.find("the root has no memory for the results: 2305843009213693952 of "),
                          std::string::npos)
                    << what;
                EXPECT_NE(what.find(" GiB"), std::string::npos) << what;
            }
        };
        refused([&] { (void)mpimap::mpi_map(comm(), o, number, mpimap::indices(n)); });
        refused([&] { (void)mpimap::mpi_map(comm(), o, text, mpimap::indices(n)); });
        refused([&] { (void)mpimap::mpi_try_map(comm(), o, number, mpimap::indices(n)); });
        mpimap::pool pool(comm(), {.root = root});
        if (pool)
            refused([&] { (void)pool.map(number, mpimap::indices(n)); });
    });
    const auto all = mpimap::mpi_map(
        comm(), [](std::size_t i) { return i; }, mpimap::indices(7));
    EXPECT_EQ(all.size(), rank() == 0 ? 7U : 0U);
}

} // namespace results_test

BOOST_CLASS_EXPORT(results_test::dog)
BOOST_CLASS_EXPORT(results_test::cat)
