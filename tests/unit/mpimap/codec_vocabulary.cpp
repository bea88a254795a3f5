// Types of the standard library that are less usual: paths, arrays for computing, adaptors, results or
// errors.

#include <mpimap/mpimap.hpp>

#include <bitset>
#include <complex>
#include <coroutine>
#include <filesystem>
#include <functional>
#include <list>
#include <memory_resource>
#include <queue>
#include <stack>
#include <string>
#include <type_traits>
#include <utility>
#include <valarray>
#include <vector>

#include <gtest/gtest.h>

#include "unit/mpimap/round_trip.hpp"

namespace {

template <typename T>
void expect_truncations_refused(const T& value) {
    const wire::message m = wire::encode(value);
    ASSERT_FALSE(m.body.empty());
    EXPECT_EQ(wire::refused_truncations<T>(m), m.body.size());
}

template <typename T>
std::vector<T> list_of(const std::valarray<T>& v) {
    return {std::begin(v), std::end(v)};
}
template <typename Adaptor>
auto emptied(Adaptor a) {
    std::vector<typename Adaptor::value_type> all;
    for (; !a.empty(); a.pop()) {
        if constexpr (requires { a.front(); }) {
            all.push_back(a.front());
        } else {
            all.push_back(a.top());
        }
    }
    return all;
}

/// Jobs of which those of one priority have an order only by where they lie.
struct job {
    int priority = 0;
    std::string name;
    friend bool operator==(const job&, const job&) = default;
};
struct by_priority {
    int sign = 1;
    bool operator()(const job& a, const job& b) const { return sign * a.priority < sign * b.priority; }
};

/// One without a default constructor.
struct metres {
    explicit metres(double x) : value(x) {}
    double value;
    friend bool operator==(const metres&, const metres&) = default;
};

} // namespace

TEST(vocabulary, paths) {
    namespace fs = std::filesystem;
    for (const fs::path& p :
         {fs::path(), fs::path("/a/b/../c.txt"), fs::path("name"), fs::path("with space/ü")}) {
        EXPECT_EQ(wire::round_trip(p), p);
        EXPECT_EQ(wire::round_trip(p).native(), p.native());
    }
    EXPECT_EQ(wire::round_trip(std::vector<fs::path>{"x", "y/z"}), (std::vector<fs::path>{"x", "y/z"}));
    const fs::path long_one = std::string(100000, 'x');
    EXPECT_EQ(wire::round_trip(long_one), long_one);
    expect_truncations_refused(fs::path("/some/where"));
}

// Known by what they have: with a member more they are classes like others.
class tagged_complex : public std::complex<double> {
  public:
    const double* tag = nullptr;
};
static_assert(!mpimap::detail::complex_like<tagged_complex>);
class derived_complex : public std::complex<double> {};
static_assert(!mpimap::detail::complex_like<derived_complex>);
template <typename T>
class polar {
  public:
    using value_type = T;
    [[nodiscard]] T real() const { return r_; }
    [[nodiscard]] T imag() const { return phi_; }
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& r_& phi_;
    }

  private:
    T r_ = 0;
    T phi_ = 0;
};
static_assert(mpimap::encoding_of<polar<double>> == mpimap::encoding::boost);
static_assert(mpimap::detail::complex_like<std::complex<float>>);
class tagged_bitset : public std::bitset<8> {
  public:
    const double* tag = nullptr;
};
static_assert(!mpimap::detail::bitset_like<tagged_bitset>);
static_assert(mpimap::detail::bitset_like<std::bitset<0>> && mpimap::detail::bitset_like<std::bitset<65>>);
static_assert(!mpimap::encodable<std::coroutine_handle<>>);
static_assert(!mpimap::encodable<std::noop_coroutine_handle>);
static_assert(mpimap::encodable<std::pmr::vector<int>>);

TEST(vocabulary, bitsets) {
    static_assert(mpimap::encoding_of<std::bitset<70>> == mpimap::encoding::bytes);
    const std::bitset<70> b("1011");
    EXPECT_EQ(wire::round_trip(b), b);
    EXPECT_EQ(wire::round_trip(std::vector<std::bitset<3>>{1, 2, 7}), (std::vector<std::bitset<3>>{1, 2, 7}));
}

TEST(vocabulary, valarrays) {
    for (const std::size_t n : {0UL, 1UL, 1000UL, 100000UL}) {
        std::valarray<double> v(n);
        for (std::size_t i = 0; i < n; ++i)
            v[i] = 0.5 * static_cast<double>(i);
        EXPECT_EQ(list_of(wire::round_trip(v)), list_of(v));
    }
    const std::valarray<std::string> texts{"a", "", std::string(300, 'x')};
    EXPECT_EQ(list_of(wire::round_trip(texts)), list_of(texts));
    expect_truncations_refused(std::valarray<double>{1, 2, 3});
    EXPECT_FALSE(mpimap::encodable<std::valarray<int*>>);
}

TEST(vocabulary, stacks_and_queues) {
    std::stack<std::string> s;
    std::queue<int, std::list<int>> q;
    for (const int i : {3, 1, 2}) {
        s.push(std::to_string(i));
        q.push(i);
    }
    EXPECT_EQ(emptied(wire::round_trip(s)), emptied(s));
    EXPECT_EQ(emptied(wire::round_trip(q)), emptied(q));
    EXPECT_TRUE(wire::round_trip(std::stack<int>()).empty());

    std::priority_queue<job, std::vector<job>, by_priority> jobs(by_priority{-1});
    for (int i = 0; i < 50; ++i)
        jobs.push({i * 7 % 5, "job " + std::to_string(i)});
    auto copy = wire::round_trip(jobs);
    EXPECT_EQ(emptied(copy), emptied(jobs)); // equal priorities, too
    copy.push({-1, "first"});
    EXPECT_EQ(copy.top().name, "first"); // the comparator came with it
    EXPECT_FALSE((mpimap::encodable<std::priority_queue<int, std::vector<int>, bool (*)(int, int)>>));
    EXPECT_FALSE(
        (mpimap::encodable<std::priority_queue<int, std::vector<int>, std::function<bool(int, int)>>>));
}

TEST(vocabulary, results_or_errors) {
    using text = tl::expected<std::string, int>;
    EXPECT_EQ(wire::round_trip(text("good")), text("good"));
    EXPECT_EQ(wire::round_trip(text(tl::unexpect, 7)), text(tl::unexpect, 7));
    using nothing = tl::expected<void, std::string>;
    EXPECT_TRUE(wire::round_trip(nothing()).has_value());
    EXPECT_EQ(wire::round_trip(nothing(tl::unexpect, "bad")).error(), "bad");
    using distance = tl::expected<metres, metres>;
    EXPECT_EQ(wire::round_trip(distance(metres(3))), distance(metres(3)));
    EXPECT_EQ(wire::round_trip(distance(tl::unexpect, metres(4))).error(), metres(4));
    const std::vector<text> several{text("x"), text(tl::unexpect, 1), text(std::string(100000, 'y'))};
    EXPECT_EQ(wire::round_trip(several), several);
    expect_truncations_refused(text("some text"));
    EXPECT_FALSE((mpimap::encodable<tl::expected<int, int*>>));
#ifdef __cpp_lib_expected
    using standard = std::expected<std::string, int>;
    EXPECT_EQ(wire::round_trip(standard("good")), standard("good"));
    EXPECT_EQ(wire::round_trip(standard(std::unexpect, 7)), standard(std::unexpect, 7));
#endif
}
