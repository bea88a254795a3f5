// Which way each type travels: encoding_of, and the reasons behind it.

#include <mpimap/codec.hpp>

#include <any>
#include <array>
#include <bitset>
#include <chrono>
#include <complex>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <ranges>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

namespace {

using mpimap::encodable;
using mpimap::encoding;
using mpimap::encoding_of;

enum class scoped : unsigned char { one };

struct plain {
    int i;
    double d;
};
struct plain_with_pointer {
    int n;
    const double* data;
};
struct plain_with_pointer_inside {
    plain_with_pointer inner;
    int i;
};
struct plain_with_reference {
    int& i;
};
struct plain_with_view {
    std::string_view text;
    int i;
};
struct plain_with_span {
    std::span<int> values;
};
struct plain_with_wrapper {
    std::reference_wrapper<int> r;
};
struct plain_with_c_array {
    int n;
    double values[3];
};
struct plain_with_array {
    int n;
    std::array<double, 3> values;
};
struct plain_with_base : plain {
    int k;
};
struct plain_large {
    std::array<double, 100> values;
};

class hidden_bytes {
  public:
    explicit hidden_bytes(int i) : i_(i) {}
    [[nodiscard]] int value() const { return i_; }

  private:
    int i_;
};

struct aggregate {
    std::string name;
    std::vector<double> values;
};
struct aggregate_nested {
    aggregate a;
    std::map<std::string, std::vector<aggregate>> more;
};
struct aggregate_with_pointer {
    std::string name;
    int* p;
};
struct aggregate_with_c_array {
    std::string names[2];
};
struct aggregate_with_base : aggregate {
    int k;
};
struct aggregate_with_empty_base : plain_large {
    std::string s;
};
struct aggregate_with_function {
    std::function<int()> f;
};
struct aggregate_of_no_default {
    hidden_bytes h;
    std::string s;
};

class opaque {
  public:
    virtual ~opaque() = default;

  private:
    std::string s_;
};

struct with_member_serialize {
    int i = 0;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& i;
    }
};
class with_private_serialize {
    friend class boost::serialization::access;
    int i_ = 0;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& i_;
    }
};
struct with_free_serialize {
    int i = 0;
};
template <typename Archive>
void serialize(Archive& ar, with_free_serialize& w, unsigned) {
    ar& w.i;
}
struct sends_its_own : with_member_serialize {
    int own = 0;
    template <typename Archive>
    void serialize(Archive& ar, unsigned version) {
        with_member_serialize::serialize(ar, version);
        ar& own;
    }
};
struct by_its_base : with_member_serialize {};
struct derived_from_serializable : with_member_serialize {
    int k = 0;
};
struct contains_derived {
    std::string name;
    derived_from_serializable inside;
};
struct flat_with_serialize {
    int i = 0;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& i;
    }
};
struct final_with_serialize final {
    int i = 0;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& i;
    }
};
union number {
    int i;
    float f;
};
enum class enum_with_serialize { a };
template <typename Archive>
void serialize(Archive&, enum_with_serialize&, unsigned) {}

} // namespace

BOOST_IS_BITWISE_SERIALIZABLE(flat_with_serialize)

template <>
inline constexpr bool mpimap::serialized_by_base<by_its_base> = true;

namespace {

template <encoding Expected, typename... Ts>
constexpr bool all = ((encoding_of<Ts> == Expected) && ...);

// As bytes: no pointer to be seen, copied as they are.
static_assert(
    all<encoding::bytes, bool, char, char32_t, int, unsigned long long, float, long double, std::byte, scoped,
        plain, const plain, hidden_bytes, plain_with_array, plain_large, number>);
static_assert(all<encoding::bytes, std::complex<double>, std::chrono::seconds,
                  std::chrono::system_clock::time_point, std::chrono::year_month_day, std::bitset<100>,
                  std::monostate, std::array<int, 4>, std::array<plain, 2>, std::array<std::string, 0>,
                  std::pair<int, double>, std::tuple<int, plain>, std::tuple<>>);
// Trivially copyable but not to be taken apart: still bytes.
static_assert(all<encoding::bytes, plain_with_c_array, plain_with_base>);

// Element by element.
static_assert(
    all<encoding::standard, std::string, std::wstring, std::vector<int>, std::vector<bool>,
        std::vector<aggregate>, std::list<int>, std::set<std::string>, std::map<int, aggregate>,
        std::unordered_map<std::string, int>, std::array<std::string, 2>, std::pair<int, std::string>,
        std::tuple<std::string>, std::optional<int>, std::variant<int, std::string>, std::unique_ptr<int>,
        std::shared_ptr<aggregate>, std::vector<std::optional<std::variant<std::string, plain>>>>);

// Member by member.
static_assert(
    all<encoding::aggregate, aggregate, const aggregate, aggregate_nested, aggregate_of_no_default>);

// A serialize function wins, unless the type says that its bytes will do.
static_assert(all<encoding::boost, with_member_serialize, with_private_serialize, with_free_serialize,
                  sends_its_own, by_its_base, final_with_serialize, enum_with_serialize>);
// One that it inherits does not know the members.
static_assert(all<encoding::none, derived_from_serializable, std::vector<derived_from_serializable>,
                  std::shared_ptr<derived_from_serializable>, contains_derived>);
static_assert(encoding_of<flat_with_serialize> == encoding::bytes);

// Pointers, views and iterators refer elsewhere, wherever they can be seen.
static_assert(all<encoding::none, int*, const char*, void*, std::nullptr_t, void (*)(), int plain::*,
                  int (hidden_bytes::*)() const, std::string_view, std::wstring_view, std::span<int>,
                  std::span<const double, 3>, std::reference_wrapper<int>, std::weak_ptr<int>>);
static_assert(all<encoding::none, std::vector<int>::iterator, std::list<int>::const_iterator,
                  std::map<int, int>::iterator, std::back_insert_iterator<std::vector<int>>,
                  std::ranges::iota_view<int, int>, std::ranges::empty_view<int>,
                  std::ranges::ref_view<std::vector<int>>, std::ranges::subrange<int*>>);
static_assert(all<encoding::none, plain_with_pointer, plain_with_pointer_inside, plain_with_reference,
                  plain_with_view, plain_with_span, plain_with_wrapper>);
static_assert(all<encoding::none, std::vector<int*>, std::pair<int, const char*>, std::tuple<int&>,
                  std::optional<std::string_view>, std::array<int*, 2>, std::variant<int, std::span<int>>,
                  std::map<std::string, void*>, std::unique_ptr<int*>, std::vector<plain_with_pointer>>);

// Nobody knows how.
static_assert(all<encoding::none, void, int[3], std::function<void()>, std::any, std::thread, std::mutex,
                  opaque, std::vector<opaque>, std::unique_ptr<int[]>, std::shared_ptr<void>>);
// Not to be taken apart.
static_assert(all<encoding::none, aggregate_with_c_array, aggregate_with_base, aggregate_with_empty_base,
                  aggregate_with_function, aggregate_with_pointer>);

static_assert(encodable<plain> && encodable<const aggregate> && !encodable<int*>);

// What is asked before members are taken apart.
using mpimap::detail::has_array_member;
using mpimap::detail::has_base_class;
static_assert(has_base_class<aggregate_with_base> && !has_base_class<aggregate_nested>);
static_assert(has_array_member<aggregate_with_c_array>() && has_array_member<plain_with_c_array>());
static_assert(!has_array_member<aggregate>() && !has_array_member<plain_with_array>());

struct array_first {
    int a[2];
    std::string s;
};
struct array_last {
    std::string s;
    char a[8];
};
struct array_of_arrays {
    std::string s;
    int a[2][3];
};
struct array_of_structs {
    std::string s;
    plain a[2];
};
struct struct_first {
    plain p;
    std::string s;
    std::array<std::array<int, 2>, 2> a;
    plain q;
};
static_assert(has_array_member<array_first>() && has_array_member<array_last>() &&
              has_array_member<array_of_arrays>() && has_array_member<array_of_structs>());
static_assert(!has_array_member<struct_first>());

// What no binding can name goes as bytes where that is enough.
struct with_bit_fields {
    unsigned detector : 12;
    bool good : 1;
    double energy;
};
struct __attribute__((packed)) packed_hit {
    char kind;
    int id;
    double energy;
};
struct with_anonymous_union {
    int kind;
    union {
        double d;
        long i;
    };
};
struct only_anonymous_union {
    union {
        float all[3];
        int first;
    };
};
struct with_named_union {
    int kind;
    union {
        double d;
        long i;
    } value;
};
static_assert(all<encoding::bytes, with_bit_fields, packed_hit, with_anonymous_union, only_anonymous_union,
                  with_named_union>);
struct named_bit_fields {
    std::string name;
    unsigned detector : 12;
};
struct named_anonymous_union {
    std::string name;
    union {
        double d;
        long i;
    };
};
struct array_of_one {
    std::string name;
    double x[1];
};
static_assert(all<encoding::none, named_bit_fields, named_anonymous_union, array_of_one>);

// A member that is made of whatever comes hides how many there are.
struct greedy {
    double x = 0;
    greedy() = default;
    template <typename T>
    greedy(T value) : x(static_cast<double>(value)) {}
};
struct greedy_first {
    greedy g;
    std::string s;
};
struct greedy_last {
    std::string s;
    greedy g;
};
struct greedy_between {
    std::string s;
    greedy g;
    std::string t;
};
static_assert(all<encoding::none, greedy_first, greedy_last, greedy_between>);
static_assert(all<encoding::bytes, greedy>);

// As many members as can be bound, and more.
struct as_many_as_can_be {
    std::string s;
    double a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4,
        c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, e0, e1, e2, e3, e4, e5, e6, e7, e8, e9,
        f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, g0, g1, g2, g3, g4, g5, g6, g7, g8, g9, h0, h1, h2, h3, h4,
        h5, h6, h7, h8, h9, i0, i1, i2, i3, i4, i5, i6, i7, i8, i9, j0, j1, j2, j3, j4, j5, j6, j7, j8, j9,
        k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, l0, l1, l2, l3, l4, l5, l6, l7, l8;
};
struct one_too_many {
    std::string s;
    double a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4,
        c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, e0, e1, e2, e3, e4, e5, e6, e7, e8, e9,
        f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, g0, g1, g2, g3, g4, g5, g6, g7, g8, g9, h0, h1, h2, h3, h4,
        h5, h6, h7, h8, h9, i0, i1, i2, i3, i4, i5, i6, i7, i8, i9, j0, j1, j2, j3, j4, j5, j6, j7, j8, j9,
        k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, l0, l1, l2, l3, l4, l5, l6, l7, l8, l9;
};
struct one_too_many_numbers {
    double a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4,
        c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, e0, e1, e2, e3, e4, e5, e6, e7, e8, e9,
        f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, g0, g1, g2, g3, g4, g5, g6, g7, g8, g9, h0, h1, h2, h3, h4,
        h5, h6, h7, h8, h9, i0, i1, i2, i3, i4, i5, i6, i7, i8, i9, j0, j1, j2, j3, j4, j5, j6, j7, j8, j9,
        k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, m0;
};
static_assert(mpimap::detail::most_members == 120); // as M07 says
static_assert(mpimap::detail::member_count<as_many_as_can_be> == 120);
static_assert(all<encoding::aggregate, as_many_as_can_be> && all<encoding::none, one_too_many> &&
              all<encoding::bytes, one_too_many_numbers>);

// Members that are only named serialize.
struct writes_text {
    double x = 0;
    [[nodiscard]] std::string serialize() const { return std::to_string(x); }
};
struct has_flag {
    std::string s;
    bool serialize = false;
};
struct writes_anywhere {
    std::string s;
    template <typename Writer>
    void serialize(Writer& w) const {
        w.write(s);
    }
};
struct several {
    std::string s;
    void serialize(std::string&) const {}
    void serialize(char*, std::size_t) const {}
    static several serialize(const std::string&, int, int);
};
class private_and_other {
  public:
    double x = 0;

  private:
    [[maybe_unused]] int serialize() const { return 0; }
};
class final_and_private final {
  private:
    friend class boost::serialization::access;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& s_;
    }
    std::string s_;
};
struct cereals {
    double x = 0;
    template <typename Archive>
    void serialize(Archive& archive) {
        archive(x);
    }
};

// What runs user code must run on the main thread.
using mpimap::detail::runs_user_code;
static_assert(!runs_user_code<double>() && !runs_user_code<std::string>() &&
              !runs_user_code<std::vector<std::vector<int>>>() && !runs_user_code<aggregate>());
static_assert(runs_user_code<with_member_serialize>() && runs_user_code<std::vector<with_free_serialize>>() &&
              runs_user_code<std::set<int>>());

} // namespace

template <>
inline constexpr bool mpimap::private_serialize<private_and_other> = false;
template <>
inline constexpr bool mpimap::private_serialize<final_and_private> = true;

namespace {

static_assert(all<encoding::bytes, writes_text, private_and_other>);
static_assert(all<encoding::aggregate, has_flag, writes_anywhere, several>);
static_assert(all<encoding::boost, final_and_private>);
static_assert(all<encoding::none, cereals>);

} // namespace

// Free functions that Boost prefers to its own: it calls them, whatever they ask for.
namespace records {

struct constrained {
    using is_record = void;
    double sent = 0;
    int kept = 0;
};
template <typename Archive, typename T>
    requires requires {
        typename T::is_record;
    }
void serialize(Archive& archive, T& record, const unsigned int) {
    archive& record.sent;
}
struct by_version {
    std::string s;
};
template <typename Archive>
void serialize(Archive& archive, by_version& v, boost::serialization::version_type) {
    archive& v.s;
}
struct apart {
    std::string s;
};
template <typename Archive>
    requires(Archive::is_saving::value)
void serialize(Archive& archive, apart& a, unsigned) {
    archive& a.s;
}
template <typename Archive>
    requires(Archive::is_loading::value)
void serialize(Archive& archive, apart& a, unsigned) {
    archive& a.s;
}
// Boost prefers its own for a class that is derived, and that is none of this.
struct base {};
template <typename Archive>
void serialize(Archive&, base&, unsigned) {}
class derived : public base {
    std::string s_;
};

} // namespace records

namespace {
static_assert(all<encoding::boost, records::constrained, records::by_version, records::apart, records::base>);
static_assert(all<encoding::none, records::derived>);
} // namespace

TEST(encoding, const_does_not_change_how_a_type_travels) {
    EXPECT_EQ(encoding_of<const std::string>, encoding_of<std::string>);
    EXPECT_EQ(encoding_of<const int>, encoding::bytes);
}
