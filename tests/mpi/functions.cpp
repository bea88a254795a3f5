// Every kind of function: pointers, lambdas, functors with state of every kind, and what is refused.

#include <mpimap/mpimap.hpp>
#include <mpimap/serialization.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <tuple>

#include <boost/serialization/access.hpp>
#include <boost/serialization/split_member.hpp>

#include "roots_state.hpp"

namespace functions_test {

using mpimap::trust_bytes;

// ---------------------------------------------------------------- functions without state

double added(double x, double y) {
    return x + y;
}
int overloaded(int x) {
    return x;
}
std::string overloaded(const std::string& s) {
    return s;
}

TEST(functions, function_pointers) {
    expect_roots_state([](bool) { return &doubled; });
    expect_roots_state([](bool) { return &tripled; });
    // Of the same type, the root's is called.
    using function = double (*)(double);
    const std::array<function, 2> both = {&doubled, &tripled};
    expect_roots_state([&](bool right) { return both[right ? 1 : 0]; });
    expect_on_root<std::vector<double>>(0, mpi_map(comm(), doubled, std::vector<double>{1, 2}), {2, 4});
    expect_on_root<std::vector<double>>(
        0, mpi_map(comm(), added, std::vector<double>{1, 2}, mpimap::broadcast(0.5)), {1.5, 2.5});
    expect_on_root<std::vector<std::string>>(
        0,
        mpi_map(comm(), static_cast<std::string (*)(const std::string&)>(overloaded),
                std::vector<std::string>{"a"}),
        {"a"});
    expect_on_root<std::vector<int>>(
        0, mpi_map(comm(), static_cast<int (*)(int)>(overloaded), std::vector<int>{5}), {5});
    // A captureless lambda turned into a pointer.
    expect_roots_state([](bool) { return +[](double x) { return x - 1; }; });
}

TEST(functions, library_functions) {
    // In other modules than the program.
    expect_roots_state([](bool) { return static_cast<double (*)(double)>(std::floor); });
    expect_roots_state([](bool) { return static_cast<double (*)(double)>(std::sin); });
    expect_on_root<std::vector<int>>(
        0, mpi_map(comm(), static_cast<int (*)(int)>(std::abs), std::vector<int>{-3, 0, 42}), {3, 0, 42});
    expect_on_root<std::vector<double>>(0,
                                        mpi_map(comm(), static_cast<double (*)(double, double)>(std::pow),
                                                std::vector<double>{2, 3}, std::vector<double>{3, 2}),
                                        {8, 9});
    expect_on_root<std::vector<double>>(
        0, mpi_map(comm(), std::plus<>(), std::vector<double>{1, 2}, std::vector<int>{3, 4}), {4, 6});
}

TEST(functions, a_null_pointer_is_refused_on_every_rank) {
    double (*none)(double) = rank() == 0 ? nullptr : &doubled;
    const std::string text =
        text_of<mpimap::invalid_argument>([&] { (void)mpi_map(comm(), none, arguments); });
    EXPECT_CONTAINS(text, "null");
    EXPECT_TRUE(same_everywhere(text));
    expect_next_call_works();
}

// ---------------------------------------------------------------- lambdas

TEST(functions, lambdas) {
    expect_roots_state([](bool) { return [](double x) { return x * x; }; });
    expect_roots_state([](bool) { return [](auto x) { return x + x; }; });
    expect_roots_state([](bool r) { return quad_factory(r ? 2 : 9, 0, r ? 1 : 9); });
    expect_roots_state(
        [](bool r) { return [k = r ? 3.0 : -1.0, n = r ? 2 : 5](auto x) { return k * x + n; }; });
    expect_roots_state([](bool r) {
        const std::array<double, 40> table = [&] {
            std::array<double, 40> t{};
            t.fill(r ? 1.5 : 9.0);
            return t;
        }();
        return [table](double x) { return std::accumulate(table.begin(), table.end(), x); };
    });
    expect_roots_state([](bool r) {
        return [p = point{r ? 1.0 : 9.0, 2.0}, flag = r](double x) { return flag ? p.scaled(x) : 0.0; };
    });
}

TEST(functions, variadic_lambdas) {
    const auto variadic = [](const auto&... x) { return (0.0 + ... + static_cast<double>(x)); };
    expect_on_root<std::vector<double>>(
        0,
        mpi_map(comm(), variadic, std::vector<int>{1, 2}, std::vector<double>{0.5, 1.5}, mpimap::indices()),
        {1.5, 4.5});
}

TEST(functions, changed_state_is_seen_by_the_next_call) {
    const std::vector<double> xs = {-1, 0, 1, 2};
    for (int i = 0; i < 10; ++i) {
        const double a = i;
        std::vector<double> serial;
        for (const double x : xs)
            serial.push_back(a * x * x + 1);
        expect_on_root(0, mpi_map(comm(), quad_factory(a, 0, 1), xs), serial);
    }
}

// ---------------------------------------------------------------- functors

class by_private_member {
  public:
    by_private_member() = default;
    explicit by_private_member(double w) : parts_{{"w", w}} {}
    double operator()(double x) const { return x * parts_.at("w"); }

  private:
    friend class boost::serialization::access;
    template <typename Archive>
    void serialize(Archive& ar, unsigned int) {
        ar& parts_;
    }
    std::map<std::string, double> parts_;
};

struct by_free_function {
    by_free_function() = default;
    explicit by_free_function(double w) : weight(std::make_unique<double>(w)) {}
    by_free_function(const by_free_function& o)
        : weight(o.weight ? std::make_unique<double>(*o.weight) : nullptr) {}
    double operator()(double x) const { return x - *weight; }
    std::unique_ptr<double> weight;
};
template <typename Archive>
void serialize(Archive& ar, by_free_function& f, unsigned int) {
    if (!f.weight)
        f.weight = std::make_unique<double>();
    ar&* f.weight;
}

/// Sends less than it holds: the rest is computed where it arrives.
class by_split_member {
  public:
    by_split_member() = default;
    explicit by_split_member(double w) : weight_(w), square_(w * w) {}
    double operator()(double x) const { return x + square_; }

  private:
    friend class boost::serialization::access;
    template <typename Archive>
    void save(Archive& ar, unsigned int) const {
        ar << weight_;
    }
    template <typename Archive>
    void load(Archive& ar, unsigned int) {
        ar >> weight_;
        square_ = weight_ * weight_;
    }
    BOOST_SERIALIZATION_SPLIT_MEMBER()
    double weight_ = 0;
    double square_ = 0;
};

/// With what Boost 1.81 does not serialize itself.
struct by_member_of_new_types {
    std::optional<double> factor;
    std::tuple<int, std::string> tag;
    double operator()(double x) const { return x * factor.value_or(0.0) + std::get<0>(tag); }
    template <typename Archive>
    void serialize(Archive& ar, unsigned int) {
        ar& factor& tag;
    }
};

TEST(functions, functors_with_serialize) {
    expect_roots_state([](bool r) { return by_member(r ? 0.5 : 9.0); });
    expect_roots_state([](bool r) { return by_private_member(r ? 0.5 : 9.0); });
    expect_roots_state([](bool r) { return by_free_function(r ? 0.5 : 9.0); });
    expect_roots_state([](bool r) { return by_split_member(r ? 0.5 : 9.0); });
    expect_roots_state([](bool r) {
        by_member_of_new_types f;
        f.factor = r ? std::optional<double>(2.5) : std::nullopt;
        f.tag = {r ? 3 : 4, "tag"};
        return f;
    });
}

struct plain_functor {
    double a;
    int b;
    double operator()(double x) const { return a * x + b; }
};
struct aggregate_functor {
    std::string name;
    std::vector<std::vector<double>> tables;
    std::optional<double> offset;
    double operator()(double x) const {
        return x + tables.at(1).at(2) + static_cast<double>(name.size()) + offset.value_or(1000.0);
    }
};
struct with_default {
    double factor = 1;
    double operator()(double x, double y = 10, int times = 2) const { return factor * (x + y) * times; }
};
class plain_class {
  public:
    explicit plain_class(double k) : k_(k) {}
    double operator()(double x) const { return x + k_; }

  private:
    double k_;
};

TEST(functions, functors_without_serialize) {
    expect_roots_state([](bool r) { return plain_functor{r ? 2.0 : 3.0, r ? 1 : 7}; });
    expect_roots_state([](bool r) { return plain_class(r ? 2.0 : 3.0); });
    expect_roots_state([](bool r) {
        aggregate_functor f;
        f.name = r ? "right" : "the wrong one";
        f.tables = {{}, {1, 2, r ? 3.0 : 4.0}, std::vector<double>(20000, 1.0)};
        if (r)
            f.offset = 0.5;
        return f;
    });
    expect_roots_state([](bool r) { return with_default{r ? 2.0 : 3.0}; });
    const with_default f{2.0};
    expect_on_root<std::vector<double>>(
        0, mpi_map(comm(), f, std::vector<double>{1, 2}, std::vector<double>{3, 4}), {16, 24});
    expect_on_root<std::vector<double>>(
        0, mpi_map(comm(), f, std::vector<double>{1, 2}, std::vector<double>{3, 4}, mpimap::broadcast(1)),
        {8, 12});
}

// ---------------------------------------------------------------- task

TEST(functions, task_tells_index_rank_and_size) {
    for_each_root([](int root) {
        for_each_schedule(root, [&](const mpimap::options& o) {
            const auto f = [](mpimap::task t, int x) { return std::tuple(t.index(), t.rank(), t.size(), x); };
            const auto got = mpi_map(comm(), o, f, count_to(60));
            EXPECT_EQ(got.size(), rank() == root ? 60U : 0U);
            for (std::size_t i = 0; i < got.size(); ++i) {
                EXPECT_EQ(std::get<0>(got[i]), i);
                EXPECT_GE(std::get<1>(got[i]), 0);
                EXPECT_LT(std::get<1>(got[i]), size());
                EXPECT_EQ(std::get<2>(got[i]), size());
                EXPECT_EQ(std::get<3>(got[i]), static_cast<int>(i));
            }
        });
        // The rank that the task names is the one where it runs.
        const auto here = [](mpimap::task t, std::size_t i) { return t.rank() == rank() && t.index() == i; };
        expect_on_root(root, mpi_map(comm(), {.root = root}, here, mpimap::indices(50)),
                       std::vector<bool>(50, true));
    });
    struct method {
        double k;
        double of(mpimap::task t, double x) const { return k * x + static_cast<double>(t.index()); }
    };
    expect_on_root<std::vector<double>>(
        0, mpi_map(comm(), mpimap::bind_front<&method::of>(method{2.0}), std::vector<double>{5, 6}),
        {10, 13});
    expect_on_root<std::vector<std::size_t>>(
        0,
        mpi_map(
            comm(),
            [k = std::size_t{10}](const mpimap::task& t, const std::string& s) {
                return k * t.index() + s.size();
            },
            std::vector<std::string>{"a", "bb"}),
        {1, 12});
}

// ---------------------------------------------------------------- what must not travel

TEST(functions, captured_pointers_are_refused_on_every_rank) {
    for_each_root([](int root) {
        const std::vector<double> table(100, 1.0);
        const double* data = table.data();
        const auto refused = [&](const std::string& offset, const auto& f) {
            const std::string text = text_of<mpimap::invalid_argument>(
                [&] { (void)mpi_map(comm(), {.root = root}, f, arguments); });
            EXPECT_CONTAINS(text, "byte " + offset + " ");
            EXPECT_TRUE(same_everywhere(text));
            expect_next_call_works(root);
        };
        refused("0", [data](double x) { return x + data[0]; });
        refused("8", [k = 2.0, data](double x) { return k * x + data[0]; });
        refused("16", [k = 2.0, n = 3, data](double x) { return k * x + n + data[0]; });
        struct local_class {
            double k;
            auto method() const {
                return [this](double x) { return k * x; };
            }
        };
        const local_class object{2.0};
        refused("0", object.method());
        // Addresses of code and of literals.
        refused("0", [f = &doubled](double x) { return f(x); });
        refused("0", [s = "literal"](double x) { return x + s[0]; });
        // Only the root's state is looked at.
        const double* mine = rank() == root ? nullptr : data;
        std::vector<double> serial = arguments;
        expect_on_root(
            root,
            mpi_map(
                comm(), {.root = root}, [mine](double x) { return mine == nullptr ? x : -1.0; }, arguments),
            serial);
    });
}

TEST(functions, numbers_are_not_taken_for_pointers) {
    // Small integers, sizes, common doubles, all bits set.
    const auto f = [a = 1000, b = std::size_t{1} << 50, c = 3.14, d = -1L, e = std::size_t{65535}](double x) {
        return x + a + static_cast<double>(b) + c + static_cast<double>(d) + static_cast<double>(e);
    };
    std::vector<double> serial;
    for (const double x : arguments)
        serial.push_back(f(x));
    expect_on_root(0, mpi_map(comm(), f, arguments), serial);
}

TEST(functions, trust_bytes_sends_what_looks_like_a_pointer) {
    const auto target = std::make_unique<int>();
    const auto number = reinterpret_cast<std::uintptr_t>(target.get());
    const auto f = [number](std::uintptr_t x) { return number + x; };
    const std::vector<std::uintptr_t> xs = {1, 2, 3};
    const std::string text = text_of<mpimap::invalid_argument>([&] { (void)mpi_map(comm(), f, xs); });
    EXPECT_CONTAINS(text, "trust_bytes");
    expect_on_root<std::vector<std::uintptr_t>>(0, mpi_map(comm(), trust_bytes(f), xs),
                                                {number + 1, number + 2, number + 3});
    expect_roots_state([](bool r) { return trust_bytes(quad_factory(r ? 1 : 2, 3, 4)); });
}

} // namespace functions_test
