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

// What runs user code must run on the main thread.
using mpimap::detail::runs_user_code;
static_assert(!runs_user_code<double>() && !runs_user_code<std::string>() &&
              !runs_user_code<std::vector<std::vector<int>>>() && !runs_user_code<aggregate>());
static_assert(runs_user_code<with_member_serialize>() && runs_user_code<std::vector<with_free_serialize>>() &&
              runs_user_code<std::set<int>>());

} // namespace

TEST(encoding, const_does_not_change_how_a_type_travels) {
    EXPECT_EQ(encoding_of<const std::string>, encoding_of<std::string>);
    EXPECT_EQ(encoding_of<const int>, encoding::bytes);
}
