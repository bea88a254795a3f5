// Round trips of everything that travels without Boost.Serialization, and what damaged messages do.

#include <mpimap/codec.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <forward_list>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "unit/mpimap/round_trip.hpp"

namespace {

enum class colour : std::uint8_t { red = 1, green = 7 };
enum plain_enum { nothing, something = 1000000 };

struct point {
    double x;
    double y;
    friend bool operator==(const point&, const point&) = default;
};

struct padded {
    char c;
    double d;
    friend bool operator==(const padded&, const padded&) = default;
};

struct params {
    std::string name;
    std::vector<double> weights;
    friend bool operator==(const params&, const params&) = default;
};

struct nested {
    params first;
    std::map<std::string, std::vector<params>> groups;
    std::optional<point> where;
    std::array<std::string, 2> labels;
    bool flag;
    friend bool operator==(const nested&, const nested&) = default;
};

// Plain bytes, but not to be had without a value.
class kelvin {
  public:
    explicit kelvin(double t) : t_(t) {}
    friend bool operator==(const kelvin&, const kelvin&) = default;

  private:
    double t_;
};

struct sample {
    kelvin temperature;
    std::string station;
    friend bool operator==(const sample&, const sample&) = default;
};

struct empty_struct {
    friend bool operator==(const empty_struct&, const empty_struct&) = default;
};

template <typename T>
void expect_round_trip(const T& value) {
    EXPECT_EQ(wire::round_trip(value), value);
}

template <typename T>
void expect_truncations_refused(const T& value) {
    const wire::message m = wire::encode(value);
    ASSERT_FALSE(m.body.empty());
    EXPECT_EQ(wire::refused_truncations<T>(m), m.body.size());
}

params some_params(int n) {
    return {"set " + std::to_string(n), std::vector<double>(static_cast<std::size_t>(n), 0.5 * n)};
}

nested some_nested() {
    return {some_params(3),
            {{"a", {some_params(1), some_params(0)}}, {"", {}}},
            point{1, -2},
            {"left", std::string(100, 'r')},
            true};
}

} // namespace

TEST(codec, arithmetic_types_keep_their_bits) {
    expect_round_trip(true);
    expect_round_trip(false);
    expect_round_trip('x');
    expect_round_trip(static_cast<signed char>(-1));
    expect_round_trip(u'\u00fc');
    expect_round_trip(std::numeric_limits<std::int64_t>::min());
    expect_round_trip(std::numeric_limits<std::uint64_t>::max());
    expect_round_trip(-0.0F);
    expect_round_trip(std::numeric_limits<double>::denorm_min());
    expect_round_trip(std::numeric_limits<long double>::max());
    EXPECT_TRUE(std::signbit(wire::round_trip(-0.0)));
    const double odd_nan = std::bit_cast<double>(std::uint64_t{0x7ff8000000001234});
    EXPECT_EQ(std::bit_cast<std::uint64_t>(wire::round_trip(odd_nan)), 0x7ff8000000001234U);
}

TEST(codec, numbers_take_their_own_size) {
    EXPECT_EQ(wire::encode(1.0).body.size(), sizeof(double));
    EXPECT_EQ(wire::encode(point{1, 2}).body.size(), sizeof(point));
    EXPECT_EQ(wire::encode(empty_struct{}).body.size(), 0U);
    EXPECT_EQ(wire::encode(std::string("abc")).body.size(), 8U + 3U);
    EXPECT_EQ(wire::encode(std::vector<bool>(17)).body.size(), 8U + 3U);
}

TEST(codec, enums) {
    expect_round_trip(colour::green);
    expect_round_trip(something);
    expect_round_trip(std::byte{0xa5});
    expect_round_trip(std::vector<colour>{colour::red, colour::green});
}

TEST(codec, a_bool_is_made_whole_whatever_byte_comes) {
    wire::message m = wire::encode(true);
    for (const int byte : {0, 1, 2, 127, 255}) {
        m.body[0] = static_cast<std::byte>(byte);
        EXPECT_EQ(wire::decode<bool>(m), byte != 0) << byte;
    }
}

TEST(codec, strings) {
    expect_round_trip(std::string());
    expect_round_trip(std::string("a\0b", 3));
    expect_round_trip(std::string(1000, 'x'));
    expect_round_trip(std::wstring(L"w\u00eede"));
    expect_round_trip(std::u16string(u"sixteen"));
}

TEST(codec, vectors) {
    expect_round_trip(std::vector<int>());
    expect_round_trip(std::vector<int>{1, 2, 3});
    expect_round_trip(std::vector<std::string>{"", "one", std::string(300, 'z')});
    expect_round_trip(std::vector<std::vector<std::vector<int>>>{{}, {{}, {1}}, {{2, 3}, {}}});
    expect_round_trip(std::vector<kelvin>{kelvin(1), kelvin(273.15)});
    expect_round_trip(std::vector<sample>{{kelvin(1), "a"}, {kelvin(2), "b"}});
    expect_round_trip(std::vector<empty_struct>(3));
}

TEST(codec, packed_bools_of_every_length) {
    std::mt19937 random(1);
    for (std::size_t n = 0; n < 70; ++n) {
        std::vector<bool> v(n);
        for (std::size_t i = 0; i < n; ++i)
            v[i] = random() % 2 == 0;
        expect_round_trip(v);
    }
    expect_round_trip(std::vector<std::vector<bool>>{{}, {true}, {false, true}});
}

TEST(codec, sequences) {
    expect_round_trip(std::deque<int>{1, 2, 3});
    expect_round_trip(std::deque<std::string>{"a", "", "ccc"});
    expect_round_trip(std::list<params>{some_params(2), some_params(0)});
    expect_round_trip(std::list<kelvin>{kelvin(4)});
    expect_round_trip(std::forward_list<int>{5, 6, 7});
    expect_round_trip(std::forward_list<sample>{{kelvin(5), "s"}});
}

TEST(codec, sets_and_maps) {
    expect_round_trip(std::set<std::string>{"b", "a", ""});
    expect_round_trip(std::multiset<int>{1, 1, 2});
    expect_round_trip(std::unordered_set<std::string>{"x", "y"});
    expect_round_trip(std::unordered_multiset<int>{3, 3});
    expect_round_trip(std::map<std::string, int>{{"one", 1}, {"", 0}});
    // Pairs with padding.
    expect_round_trip(std::map<int, double>{{1, 1.5}, {2, 2.5}});
    expect_round_trip(std::unordered_map<char, long>{{'a', 1}, {'b', 2}});
    expect_round_trip(std::multimap<double, bool>{{1, true}, {1, false}});
    expect_round_trip(std::multimap<int, std::string>{{1, "a"}, {1, "b"}});
    expect_round_trip(std::unordered_map<std::string, std::vector<double>>{{"v", {1, 2}}, {"w", {}}});
    expect_round_trip(std::unordered_multimap<int, int>{{1, 1}, {1, 2}});
    expect_round_trip(std::map<std::pair<int, std::string>, std::map<int, kelvin>>{
        {{1, "k"}, {{2, kelvin(3)}}}, {{0, ""}, {}}});
    expect_round_trip(std::set<int, std::greater<>>{3, 1, 2});
}

TEST(codec, equal_keys_keep_their_order) {
    const std::multimap<int, int> m{{1, 3}, {1, 1}, {1, 2}};
    const auto back = wire::round_trip(m);
    EXPECT_TRUE(std::equal(m.begin(), m.end(), back.begin(), back.end()));
}

TEST(codec, fixed_numbers_of_parts) {
    expect_round_trip(std::pair<int, double>{1, 2.5});
    expect_round_trip(std::pair<std::string, kelvin>{"s", kelvin(9)});
    expect_round_trip(std::tuple<>());
    expect_round_trip(std::tuple<int, char, double>{1, 'c', 3.0});
    expect_round_trip(std::tuple<std::string, std::vector<int>, kelvin>{"t", {1}, kelvin(2)});
    expect_round_trip(std::array<int, 0>{});
    expect_round_trip(std::array<double, 3>{1, 2, 3});
    expect_round_trip(std::array<std::array<std::string, 2>, 2>{{{"a", "b"}, {"c", "d"}}});
    expect_round_trip(std::array<sample, 2>{sample{kelvin(1), "x"}, sample{kelvin(2), "y"}});
}

TEST(codec, vocabulary_types) {
    expect_round_trip(std::complex<double>{1, -2});
    expect_round_trip(std::vector<std::complex<float>>{{1, 2}, {3, 4}});
    using namespace std::chrono;
    expect_round_trip(milliseconds(1500));
    expect_round_trip(duration<double>(0.25));
    expect_round_trip(system_clock::time_point(seconds(1000)));
    expect_round_trip(year_month_day(2024y, February, 29d));
    expect_round_trip(std::optional<int>());
    expect_round_trip(std::optional<int>(7));
    expect_round_trip(std::optional<std::string>("set"));
    expect_round_trip(std::optional<sample>(sample{kelvin(1), "o"}));
    expect_round_trip(std::optional<std::optional<std::string>>(std::optional<std::string>()));
}

TEST(codec, reading_replaces_what_was_there) {
    const wire::message m =
        wire::encode(std::pair(std::optional<std::string>(), std::vector<std::string>{"n"}));
    const auto after = wire::with_reader(m, [](mpimap::detail::reader& in) {
        std::pair value(std::optional<std::string>("old"), std::vector<std::string>{"o", "l", "d"});
        mpimap::detail::read_value(in, value);
        return value;
    });
    EXPECT_EQ(after.first, std::nullopt);
    EXPECT_EQ(after.second, std::vector<std::string>{"n"});
}

TEST(codec, variants) {
    using v = std::variant<std::monostate, int, std::string, sample, std::vector<std::string>>;
    for (const v& value : {v(), v(3), v("text"), v(sample{kelvin(1), "v"}), v(std::vector<std::string>{"a"})})
        expect_round_trip(value);
    // No alternative that could be made without a value.
    expect_round_trip(std::variant<kelvin, sample>(sample{kelvin(2), "w"}));
}

TEST(codec, a_valueless_variant_is_refused) {
    std::variant<std::string, std::deque<int>> v;
    EXPECT_THROW(v.emplace<1>(std::numeric_limits<std::size_t>::max()), std::length_error);
    ASSERT_TRUE(v.valueless_by_exception());
    EXPECT_THROW((void)wire::encode(v), mpimap::serialization_error);
}

TEST(codec, an_alternative_that_does_not_exist_is_refused) {
    wire::message m = wire::encode(std::variant<int, std::string>(1));
    m.body[0] = std::byte{2};
    EXPECT_THROW((void)(wire::decode<std::variant<int, std::string>>(m)), mpimap::serialization_error);
}

TEST(codec, owning_pointers) {
    const auto u =
        wire::decode<std::unique_ptr<params>>(wire::encode(std::make_unique<params>(some_params(4))));
    ASSERT_NE(u, nullptr);
    EXPECT_EQ(*u, some_params(4));
    EXPECT_EQ(wire::decode<std::unique_ptr<int>>(wire::encode(std::unique_ptr<int>())), nullptr);
    const auto s = wire::round_trip(std::make_shared<sample>(sample{kelvin(1), "p"}));
    ASSERT_NE(s, nullptr);
    EXPECT_EQ(*s, (sample{kelvin(1), "p"}));
    const auto c = wire::round_trip(std::make_shared<const std::string>("const"));
    ASSERT_NE(c, nullptr);
    EXPECT_EQ(*c, "const");
    std::vector<std::unique_ptr<int>> many;
    many.push_back(std::make_unique<int>(3));
    many.push_back(nullptr);
    const auto back = wire::decode<std::vector<std::unique_ptr<int>>>(wire::encode(many));
    ASSERT_EQ(back.size(), 2U);
    EXPECT_EQ(*back[0], 3);
    EXPECT_EQ(back[1], nullptr);
}

TEST(codec, aggregates) {
    expect_round_trip(point{1, 2});
    expect_round_trip(padded{'c', 1.5});
    expect_round_trip(some_params(5));
    expect_round_trip(some_nested());
    expect_round_trip(sample{kelvin(3), "aggregate"});
    expect_round_trip(std::vector<nested>{some_nested(), some_nested()});
}

// ---------------------------------------------------------------- large arrays

TEST(codec, large_arrays_stay_where_they_are) {
    const std::vector<double> large(100000, 1.25);
    mpimap::detail::writer out;
    mpimap::detail::write_value(out, large);
    ASSERT_EQ(out.spans().size(), 1U);
    EXPECT_EQ(out.spans()[0].data, reinterpret_cast<const std::byte*>(large.data()));
    EXPECT_EQ(out.spans()[0].size, large.size() * sizeof(double));
    EXPECT_EQ(out.body().size(), sizeof(std::uint64_t));
    expect_round_trip(large);
}

TEST(codec, the_threshold_is_the_same_for_writer_and_reader) {
    for (const std::size_t bytes : {mpimap::detail::span_threshold - 1, mpimap::detail::span_threshold,
                                    mpimap::detail::span_threshold + 1}) {
        const std::string text(bytes, 't');
        const wire::message m = wire::encode(text);
        EXPECT_EQ(m.spans.size(), bytes >= mpimap::detail::span_threshold ? 1U : 0U) << bytes;
        EXPECT_EQ(wire::decode<std::string>(m), text) << bytes;
    }
}

TEST(codec, large_arrays_anywhere_inside) {
    const std::string text(70000, 'x');
    const std::vector<double> numbers(10000, 2.0);
    expect_round_trip(std::vector<params>{{text, numbers}, {"small", {1}}, {text, {}}});
    expect_round_trip(std::optional<params>(params{text, numbers}));
    expect_round_trip(std::variant<int, params>(params{text, numbers}));
    expect_round_trip(std::tuple<int, std::string, std::vector<double>>{1, text, numbers});
    expect_round_trip(std::array<std::string, 2>{text, text + text});
    expect_round_trip(std::list<std::string>{text, "s", text});
    expect_round_trip(std::deque<std::vector<double>>{numbers, {}, numbers});
    expect_round_trip(std::forward_list<std::string>{text, "between", text});
    expect_round_trip(std::vector<sample>(40, sample{kelvin(1), text}));
    expect_round_trip(sample{kelvin(1), text});
    expect_round_trip(std::vector<std::vector<std::vector<double>>>{{numbers, {}}, {}, {{}, numbers}});
    const auto p =
        wire::decode<std::unique_ptr<params>>(wire::encode(std::make_unique<params>(params{text, numbers})));
    EXPECT_EQ(*p, (params{text, numbers}));
}

TEST(codec, large_keys_and_values_of_maps_go_in_the_body) {
    const std::string text(70000, 'k');
    const std::map<std::string, std::vector<double>> m{{text, std::vector<double>(10000, 3.0)}, {"s", {}}};
    EXPECT_TRUE(wire::encode(m).spans.empty());
    expect_round_trip(m);
    expect_round_trip(std::unordered_set<std::string>{text, text + "2"});
    // And what follows the map is apart again.
    const std::pair<std::set<std::string>, std::string> after{{text}, text};
    EXPECT_EQ(wire::encode(after).spans.size(), 1U);
    expect_round_trip(after);
}

TEST(codec, large_arrays_of_what_has_no_default) {
    const std::vector<kelvin> many(20000, kelvin(4));
    expect_round_trip(many);
    expect_round_trip(std::pair<std::vector<kelvin>, std::string>{many, std::string(70000, 'a')});
}

TEST(codec, a_span_of_another_size_is_refused) {
    wire::message m = wire::encode(std::string(70000, 's'));
    m.spans[0].pop_back();
    EXPECT_THROW((void)wire::decode<std::string>(m), mpimap::serialization_error);
    m.spans.clear();
    EXPECT_THROW((void)wire::decode<std::string>(m), mpimap::serialization_error);
}

// ---------------------------------------------------------------- padding

TEST(codec, bytes_of_a_bytes_type_are_the_objects_own) {
    const padded p{'c', 1.5};
    const wire::message m = wire::encode(p);
    ASSERT_EQ(m.body.size(), sizeof(padded));
    EXPECT_EQ(m.body[0], std::byte{'c'});
    EXPECT_EQ(std::memcmp(m.body.data() + offsetof(padded, d), &p.d, sizeof p.d), 0);
}

TEST(codec, aggregates_taken_apart_send_no_padding) {
    struct apart {
        char c;
        std::string s;
        char d;
    };
    EXPECT_EQ(wire::encode(apart{'a', "xy", 'b'}).body.size(), 1U + 8U + 2U + 1U);
}

// ---------------------------------------------------------------- damaged messages

TEST(codec, every_truncation_is_refused) {
    expect_truncations_refused(1.5);
    expect_truncations_refused(true);
    expect_truncations_refused(std::string("a string"));
    expect_truncations_refused(std::wstring(L"wide"));
    expect_truncations_refused(std::vector<int>{1, 2, 3});
    expect_truncations_refused(std::vector<bool>(20, true));
    expect_truncations_refused(std::vector<std::string>{"a", "bc", ""});
    expect_truncations_refused(std::vector<kelvin>{kelvin(1), kelvin(2)});
    expect_truncations_refused(std::vector<sample>{{kelvin(1), "s"}});
    expect_truncations_refused(std::deque<params>{some_params(2)});
    expect_truncations_refused(std::forward_list<std::string>{"f"});
    expect_truncations_refused(std::set<std::string>{"a", "b"});
    expect_truncations_refused(std::unordered_map<std::string, int>{{"a", 1}, {"b", 2}});
    expect_truncations_refused(std::tuple<int, std::string, kelvin>{1, "t", kelvin(1)});
    expect_truncations_refused(std::array<std::string, 2>{"a", "b"});
    expect_truncations_refused(std::optional<std::string>("o"));
    expect_truncations_refused(std::variant<int, std::string>("v"));
    expect_truncations_refused(std::make_shared<std::string>("shared"));
    expect_truncations_refused(some_nested());
    expect_truncations_refused(std::pair(some_params(3), std::string(70000, 's')));
}

namespace {

/// Flips up to three bits at a time. What is read may be nonsense, but it is read or refused in good order.
template <typename T>
void flip_bits(const T& value, unsigned seed) {
    const wire::message whole = wire::encode(value);
    std::mt19937 random(seed);
    std::size_t same = 0;
    constexpr std::size_t rounds = 2000;
    for (std::size_t round = 0; round < rounds; ++round) {
        wire::message m = whole;
        for (std::size_t k = 0; k <= round % 3; ++k) {
            const std::size_t bit = random() % (m.body.size() * 8);
            m.body[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
        }
        try {
            if (wire::decode<T>(m) == value)
                ++same;
        } catch (const mpimap::serialization_error&) {
        } catch (const std::length_error&) {
        } catch (const std::bad_alloc&) {
        } catch (const std::logic_error& e) {
            // A shorter length leaves bytes or arrays over: the harness says so.
            EXPECT_EQ(std::string(e.what()).substr(0, 15), "the reader did ") << e.what();
        }
    }
    EXPECT_LT(same, rounds); // flipped padding changes nothing, the rest does
}

} // namespace

TEST(codec, flipped_bits_of_plain_values_never_crash) {
    flip_bits(std::string("some text of some length"), 1);
    flip_bits(std::vector<double>(20, 1.5), 2);
    flip_bits(std::vector<bool>(100, true), 3);
    flip_bits(std::optional<double>(2.0), 4);
    flip_bits(std::variant<int, double, char>(2.0), 5);
    flip_bits(std::tuple<int, std::string, double>{1, "t", 2.0}, 6);
    flip_bits(std::map<int, double>{{1, 1.5}, {2, 2.5}, {3, 3.5}}, 7);
    flip_bits(std::set<std::string>{"a", "bb", "ccc"}, 8);
    flip_bits(std::list<std::string>{"l", "ist"}, 9);
    flip_bits(some_params(7), 10);
}

TEST(codec, flipped_bits_of_nested_containers_never_crash) {
    flip_bits(std::vector<std::string>{"a", "bc", "", "def"}, 11);
    flip_bits(std::vector<std::vector<int>>{{1}, {}, {2, 3}}, 12);
    flip_bits(std::deque<std::vector<std::string>>{{"x"}, {"y", "z"}}, 13);
    flip_bits(std::vector<params>{some_params(2), some_params(1)}, 14);
    flip_bits(some_nested(), 15);
    flip_bits(std::vector<std::vector<bool>>{{true, false}, {}}, 16);
    flip_bits(std::vector<empty_struct>(5), 17);
}

TEST(codec, a_damaged_length_is_refused_before_memory_is_taken) {
    // 2^30 elements cannot follow in a message of a few bytes.
    const auto with_length = [](auto value, std::uint64_t n) {
        wire::message m = wire::encode(value);
        std::memcpy(m.body.data(), &n, sizeof n);
        return m;
    };
    const std::uint64_t many = std::uint64_t{1} << 30U;
    EXPECT_THROW(
        (void)wire::decode<std::vector<std::string>>(with_length(std::vector<std::string>{"a"}, many)),
        mpimap::serialization_error);
    EXPECT_THROW(
        (void)wire::decode<std::vector<params>>(with_length(std::vector<params>{some_params(1)}, many)),
        mpimap::serialization_error);
    EXPECT_THROW(
        (void)wire::decode<std::vector<sample>>(with_length(std::vector<sample>{{kelvin(1), "s"}}, many)),
        mpimap::serialization_error);
    EXPECT_THROW(
        (void)wire::decode<std::vector<empty_struct>>(with_length(std::vector<empty_struct>(1), many)),
        mpimap::serialization_error);
}
