// Functions on their way without MPI: written by the root, read into a copy of its own, called.

#include <mpimap/function.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <mpimap/serialization.hpp>

#include "unit/mpimap/round_trip.hpp"

namespace functions {

double add(double x, double y) {
    return x + y;
}
double add_noexcept(double x, double y) noexcept {
    return x + y;
}
double scaled(double factor, double x) {
    return factor * x;
}

struct model {
    double k = 1;
    std::vector<double> table;
    [[nodiscard]] double energy(double x) const { return k * x + static_cast<double>(table.size()); }
    double count_up(double x) { return k += x; }
    [[nodiscard]] double quiet(double x) const noexcept { return -k * x; }
    int member_data = 17;
};

class base {
  public:
    virtual ~base() = default;
    [[nodiscard]] virtual int one() const { return 1; }
    [[nodiscard]] virtual int which(int x) const { return x; }
    [[nodiscard]] int plain(int x) const { return 10 * which(x); }
    template <typename Archive>
    void serialize(Archive&, unsigned) {}
};
class derived : public base {
  public:
    derived() = default;
    explicit derived(int add) : add_(add) {}
    [[nodiscard]] int which(int x) const override { return x + add_; }
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& boost::serialization::base_object<base>(*this);
        ar& add_;
    }

  private:
    int add_ = 0;
};

/// A second base moves `this`: the pointer to member carries the distance.
struct left {
    int l = 1;
    [[nodiscard]] int get_left() const { return l; }
};
struct right {
    int r = 2;
    [[nodiscard]] int get_right() const { return r; }
};
struct both : left, right {
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& l;
        ar& r;
    }
};

struct linear {
    double a;
    double b;
    double operator()(double x) const { return a * x + b; }
};

struct with_table {
    std::string name;
    std::vector<double> values;
    double operator()(std::size_t i) const { return values.at(i); }
};

class with_serialize {
  public:
    with_serialize() = default;
    explicit with_serialize(std::string s) : s_(std::move(s)) {}
    std::string operator()(const std::string& t) const { return s_ + t; }
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& s_;
    }

  private:
    std::string s_;
};

class counts {
  public:
    explicit counts(int from) : n_(from) {}
    int operator()(int step) { return n_ += step; }

  private:
    int n_;
};

struct with_default {
    double operator()(double x, double y = 100) const { return x + y; }
};

} // namespace functions

BOOST_CLASS_EXPORT(functions::derived)

namespace {

using namespace functions;
using mpimap::detail::function_copy;
using mpimap::detail::shipping;

/// The copy that another rank makes of f.
template <typename F>
class shipped {
  public:
    explicit shipped(const F& f) {
        mpimap::detail::writer out;
        function_copy<F>::write(out, f);
        bytes_ = out.body().size();
        wire::with_reader(wire::message(out), [this](mpimap::detail::reader& in) {
            copy_.read(in);
            return 0;
        });
    }
    template <typename... Args>
    decltype(auto) operator()(Args&&... args) {
        return std::invoke(copy_.get(), std::forward<Args>(args)...);
    }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

  private:
    function_copy<F> copy_;
    std::size_t bytes_ = 0;
};

template <typename F>
constexpr shipping how = function_copy<F>::how;

template <typename F>
std::string refusal(const F& f) {
    mpimap::detail::writer out;
    try {
        function_copy<F>::write(out, f);
    } catch (const mpimap::invalid_argument& e) {
        return e.what();
    }
    return "nothing was thrown";
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

int a_global = 0;

} // namespace

// ---------------------------------------------------------------- how each kind is shipped

TEST(function, lambdas_without_capture_take_no_bytes) {
    const auto f = [](double x) { return 2 * x; };
    static_assert(how<std::remove_const_t<decltype(f)>> == shipping::type);
    shipped s(f);
    EXPECT_EQ(s.bytes(), 0U);
    EXPECT_EQ(s(3.0), 6.0);
    shipped less(std::less<>{});
    EXPECT_EQ(less.bytes(), 0U);
    EXPECT_TRUE(less(1, 2));
    shipped defaulted(with_default{});
    EXPECT_EQ(defaulted(1.0), 101.0);
}

TEST(function, captured_numbers_are_copied) {
    int n = 7;
    double k = 2.5;
    const auto f = [n, k](double x) { return k * x + n; };
    static_assert(how<std::remove_const_t<decltype(f)>> == shipping::bytes);
    EXPECT_EQ(shipped(f)(2.0), 12.0);
}

TEST(function, a_mutable_lambda_keeps_its_own_state) {
    auto f = [n = 0](int step) mutable { return n += step; };
    shipped s(f);
    EXPECT_EQ(s(1), 1);
    EXPECT_EQ(s(1), 2);
    EXPECT_EQ(f(1), 1); // the caller's own has not moved
}

TEST(function, classes_with_hidden_numbers_are_copied) {
    static_assert(how<counts> == shipping::bytes);
    shipped s(counts(40));
    EXPECT_EQ(s(2), 42);
}

TEST(function, structs_go_by_the_codec) {
    static_assert(how<linear> == shipping::value && how<with_table> == shipping::value);
    EXPECT_EQ(shipped(linear{2, 1})(3.0), 7.0);
    shipped table(with_table{"t", std::vector<double>(20000, 1.5)});
    EXPECT_EQ(table(19999U), 1.5);
    EXPECT_LT(table.bytes(), 100U); // the table travels apart
}

TEST(function, classes_with_serialize_go_by_boost) {
    static_assert(how<with_serialize> == shipping::value);
    EXPECT_EQ(shipped(with_serialize("ab"))("cd"), "abcd");
}

TEST(function, what_cannot_be_shipped_is_not_supported) {
    std::string text = "x";
    std::vector<int> v;
    int i = 0;
    const auto by_reference = [&i] { return i; };
    const auto with_string = [text] { return text; };
    const auto with_vector = [v] { return v.size(); };
    static_assert(!function_copy<std::remove_const_t<decltype(by_reference)>>::supported);
    static_assert(!function_copy<std::remove_const_t<decltype(with_string)>>::supported);
    static_assert(!function_copy<std::remove_const_t<decltype(with_vector)>>::supported);
    static_assert(!function_copy<std::function<int()>>::supported);
    static_assert(!function_copy<int>::supported);
    EXPECT_EQ(by_reference(), 0);
    EXPECT_EQ(with_string(), "x");
    EXPECT_EQ(with_vector(), 0U);
}

// ---------------------------------------------------------------- pointers to code

TEST(function, function_pointers) {
    static_assert(how<double (*)(double, double)> == shipping::pointer);
    shipped s(&add);
    EXPECT_EQ(s(1.0, 2.0), 3.0);
    EXPECT_EQ(s.bytes(), 5 * sizeof(std::uint64_t));
    EXPECT_EQ(shipped(&add_noexcept)(1.0, 2.0), 3.0);
    double (*const sine)(double) = std::sin;
    EXPECT_EQ(shipped(sine)(0.5), std::sin(0.5)); // from another library
}

TEST(function, member_function_pointers) {
    const model m{2, {1, 2, 3}};
    EXPECT_EQ(shipped(&model::energy)(m, 4.0), 11.0);
    EXPECT_EQ(shipped(&model::quiet)(m, 4.0), -8.0);
    model counting{1, {}};
    EXPECT_EQ(shipped(&model::count_up)(counting, 4.0), 5.0);
    EXPECT_EQ(counting.k, 5.0);
    EXPECT_EQ(shipped(&model::member_data)(m), 17);
}

TEST(function, virtual_member_functions_stay_virtual) {
    const base b;
    const derived d(5);
    EXPECT_EQ(shipped(&base::which)(b, 1), 1);
    EXPECT_EQ(shipped(&base::which)(d, 1), 6);
    EXPECT_EQ(shipped(&base::one)(d), 1);
    EXPECT_EQ(shipped(&base::plain)(d, 1), 60);
}

TEST(function, a_member_of_a_second_base) {
    int (both::*const get)() const = &both::get_right;
    EXPECT_EQ(shipped(get)(both{}), 2);
    int both::*const data = &both::r;
    EXPECT_EQ(shipped(data)(both{}), 2);
}

TEST(function, null_pointers_are_refused) {
    EXPECT_TRUE(contains(refusal(static_cast<double (*)(double)>(nullptr)), "null pointer"));
    EXPECT_TRUE(contains(refusal(static_cast<double (model::*)(double) const>(nullptr)), "null pointer"));
}

TEST(function, a_method_needs_an_object) {
    const model* const none = nullptr;
    EXPECT_TRUE(contains(refusal(mpimap::bind_front(&model::energy, none)), "null pointer"));
    EXPECT_TRUE(contains(refusal(mpimap::bind_front<&model::energy>(none)), "null pointer"));
    EXPECT_TRUE(
        contains(refusal(mpimap::bind_front<&model::energy>(std::shared_ptr<model>())), "null pointer"));
    EXPECT_TRUE(
        contains(refusal(mpimap::bind_front<&model::energy>(std::unique_ptr<model>())), "null pointer"));
    EXPECT_TRUE(contains(refusal(mpimap::bind_front<&base::which>(std::shared_ptr<base>())), "null pointer"));
    EXPECT_TRUE(
        contains(refusal(mpimap::bind_front(mpimap::bind_back(&model::energy, 1.0), none)), "null pointer"));
    // An argument may be null.
    const auto is_null = [](const model* m, int) { return m == nullptr; };
    const auto is_empty = [](const std::shared_ptr<model>& m, int) { return m == nullptr; };
    EXPECT_TRUE(shipped(mpimap::bind_front(is_null, none))(1));
    EXPECT_TRUE(shipped(mpimap::bind_front(is_empty, std::shared_ptr<model>()))(1));
}

TEST(function, pointers_into_no_module_are_refused) {
    // An address on the heap.
    const auto heap = std::make_unique<char[]>(64);
    void* address = heap.get();
    void (*nowhere)() = nullptr;
    static_assert(sizeof nowhere == sizeof address);
    std::memcpy(&nowhere, &address, sizeof nowhere);
    EXPECT_TRUE(contains(refusal(nowhere), "no loaded program or library"));
}

TEST(function, a_module_that_is_not_loaded_is_refused) {
    mpimap::detail::writer out;
    using pointer = double (*)(double, double);
    function_copy<pointer>::write(out, &add);
    wire::message m(out);
    m.body[sizeof(std::uint64_t)] ^= std::byte{1}; // the module's identity
    EXPECT_THROW(wire::with_reader(m,
                                   [](mpimap::detail::reader& in) {
                                       function_copy<pointer> copy;
                                       copy.read(in);
                                       return 0;
                                   }),
                 mpimap::serialization_error);
    for (std::size_t size = 0; size < m.body.size(); ++size) {
        wire::message part(out);
        part.body.resize(size);
        EXPECT_THROW(wire::with_reader(part,
                                       [](mpimap::detail::reader& in) {
                                           function_copy<pointer> copy;
                                           copy.read(in);
                                           return 0;
                                       }),
                     mpimap::serialization_error);
    }
}

// ---------------------------------------------------------------- binders

TEST(function, binders_call_as_those_of_std) {
    EXPECT_EQ(mpimap::bind_front(scaled, 3.0)(2.0), std::bind_front(scaled, 3.0)(2.0));
    EXPECT_EQ(mpimap::bind_back(scaled, 3.0)(2.0), 6.0);
    EXPECT_EQ(mpimap::bind_front<&add>(1.0)(2.0), 3.0);
    EXPECT_EQ(mpimap::bind_back<&add>(1.0)(2.0), 3.0);
    const auto minus = [](double a, double b) { return a - b; };
    EXPECT_EQ(mpimap::bind_front(minus, 10.0)(3.0), 7.0);
    EXPECT_EQ(mpimap::bind_back(minus, 10.0)(3.0), -7.0);
    model m{2, {}};
    EXPECT_EQ(mpimap::bind_front(&model::count_up, std::ref(m))(1.0), 3.0);
    EXPECT_EQ(m.k, 3.0);
    auto own = mpimap::bind_front(&model::count_up, m);
    EXPECT_EQ(own(1.0), 4.0);
    EXPECT_EQ(own(1.0), 5.0);
    EXPECT_EQ(m.k, 3.0);
}

TEST(function, bound_values_travel) {
    EXPECT_EQ(shipped(mpimap::bind_front(scaled, 3.0))(2.0), 6.0);
    EXPECT_EQ(shipped(mpimap::bind_back(&add, 1.0))(2.0), 3.0);
    EXPECT_EQ(shipped(mpimap::bind_front<&add>(1.0))(2.0), 3.0);
    EXPECT_EQ(shipped(mpimap::bind_back<&add>(1.0))(2.0), 3.0);
    const auto minus = [](double a, double b, double c) { return a - b - c; };
    EXPECT_EQ(shipped(mpimap::bind_front(minus, 10.0, 1.0))(3.0), 6.0);
    EXPECT_EQ(shipped(mpimap::bind_back(minus, 10.0, 1.0))(3.0), -8.0);
    EXPECT_EQ(shipped(mpimap::bind_front([](const std::string& a, const std::string& b) { return a + b; },
                                         std::string(100000, 'a')))("b")
                  .size(),
              100001U);
}

TEST(function, objects_behind_pointers_travel) {
    model m{2, {1, 2, 3}};
    EXPECT_EQ(shipped(mpimap::bind_front<&model::energy>(m))(4.0), 11.0);
    EXPECT_EQ(shipped(mpimap::bind_front(&model::energy, m))(4.0), 11.0);
    EXPECT_EQ(shipped(mpimap::bind_front<&model::energy>(&m))(4.0), 11.0);
    EXPECT_EQ(shipped(mpimap::bind_front<&model::energy>(static_cast<const model*>(&m)))(4.0), 11.0);
    EXPECT_EQ(shipped(mpimap::bind_front<&model::energy>(std::ref(m)))(4.0), 11.0);
    EXPECT_EQ(shipped(mpimap::bind_front<&model::energy>(std::cref(m)))(4.0), 11.0);
    EXPECT_EQ(shipped(mpimap::bind_front<&model::energy>(std::make_shared<model>(m)))(4.0), 11.0);
    EXPECT_EQ(shipped(mpimap::bind_front<&model::quiet>(m))(4.0), -8.0);
}

TEST(function, the_copy_is_another_object) {
    model m{2, {}};
    shipped s(mpimap::bind_front<&model::count_up>(&m));
    EXPECT_EQ(s(1.0), 3.0);
    EXPECT_EQ(s(1.0), 4.0);
    EXPECT_EQ(m.k, 2.0);
}

TEST(function, polymorphic_objects_keep_their_type) {
    const derived d(5);
    const base* const p = &d;
    EXPECT_EQ(shipped(mpimap::bind_front<&base::which>(p))(1), 6);
    EXPECT_EQ(shipped(mpimap::bind_front(&base::which, p))(1), 6);
    EXPECT_EQ(shipped(mpimap::bind_front<&base::which>(std::cref(*p)))(1), 6);
    EXPECT_EQ(
        shipped(mpimap::bind_front<&base::plain>(std::shared_ptr<base>(std::make_shared<derived>(7))))(1),
        80);
}

TEST(function, binders_inside_binders) {
    const auto inner = mpimap::bind_front(scaled, 3.0);
    const auto twice = [](const auto& f, double x) { return f(f(x)); };
    EXPECT_EQ(twice(inner, 2.0), 18.0);
    EXPECT_EQ(shipped(mpimap::bind_back(inner))(2.0), 6.0);
    EXPECT_EQ(
        shipped(mpimap::bind_front([](double (*f)(double, double), double x) { return f(x, x); }, &add))(2.0),
        4.0);
}

// ---------------------------------------------------------------- per_rank, trust_bytes

TEST(function, per_rank_is_made_once_and_keeps_its_state) {
    const auto make = [](int from) { return [n = from](int step) mutable { return n += step; }; };
    shipped s(mpimap::per_rank(make, 100));
    EXPECT_EQ(s(1), 101);
    EXPECT_EQ(s(1), 102);
    shipped without(mpimap::per_rank([] { return [](int x) { return std::make_unique<int>(x); }; }));
    EXPECT_EQ(*without(3), 3);
}

TEST(function, a_factory_that_throws_is_not_asked_again) {
    const auto make = [](int) -> linear { throw std::runtime_error("no licence"); };
    shipped s(mpimap::per_rank(make, 1));
    for (int i = 0; i < 2; ++i) {
        try {
            (void)s(1.0);
            ADD_FAILURE() << "nothing was thrown";
        } catch (const std::runtime_error& e) {
            EXPECT_STREQ(e.what(), "no licence");
        }
    }
}

TEST(function, per_rank_may_hold_what_cannot_travel) {
    const auto make = [](std::string name) {
        return [file = std::make_unique<std::string>(std::move(name))](int i) {
            return *file + std::to_string(i);
        };
    };
    EXPECT_EQ(shipped(mpimap::per_rank(make, std::string("file")))(1), "file1");
}

// ---------------------------------------------------------------- captured addresses

TEST(function, captured_pointers_are_refused_with_their_place) {
    int on_stack = 1;
    const auto on_heap = std::make_unique<double>(2.0);
    const auto stack = [p = &on_stack](int) { return *p; };
    const auto heap = [n = 5L, p = on_heap.get()](int) { return static_cast<double>(n) * *p; };
    const auto global = [a = 1.0, b = 2.0, p = &a_global](int) { return a + b + *p; };
    const auto literal = [p = "text"](int) { return p[0]; };
    const auto code = [f = &add](double x) { return f(x, x); };
    EXPECT_TRUE(contains(refusal(stack), "byte 0 ")) << refusal(stack);
    EXPECT_TRUE(contains(refusal(heap), "byte 8 ")) << refusal(heap);
    EXPECT_TRUE(contains(refusal(global), "byte 16 ")) << refusal(global);
    EXPECT_TRUE(contains(refusal(literal), "byte 0 ")) << refusal(literal);
    EXPECT_TRUE(contains(refusal(code), "byte 0 ")) << refusal(code);
    EXPECT_TRUE(contains(refusal(stack), "trust_bytes"));
}

namespace {
class captures_this {
  public:
    [[nodiscard]] auto get() const {
        return [this](int x) { return n_ + x; };
    }

  private:
    int n_ = 1;
};
} // namespace

TEST(function, captured_this_is_refused) {
    const captures_this object;
    EXPECT_TRUE(contains(refusal(object.get()), "byte 0 "));
}

TEST(function, pointers_in_bound_classes_are_refused) {
    class holder {
      public:
        explicit holder(const int* p) : p_(p) {}
        int operator()(int x) const { return *p_ + x; }

      private:
        const int* p_;
    };
    static_assert(how<holder> == shipping::bytes);
    EXPECT_TRUE(contains(refusal(holder(&a_global)), "byte 0 "));
}

class hides_a_pointer {
  public:
    hides_a_pointer() = default;
    hides_a_pointer(double x, const int* p) : x_(x), p_(p) {}
    [[nodiscard]] double x() const { return x_; }
    [[nodiscard]] int pointed_at() const { return *p_; }

  private:
    double x_ = 0;
    const int* p_ = nullptr;
};

TEST(function, pointers_in_values_are_refused) {
    const auto f = [](const hides_a_pointer& h, double x) { return h.x() + x; };
    const hides_a_pointer sound(1, nullptr);
    const hides_a_pointer bad(1, &a_global);
    EXPECT_EQ(shipped(mpimap::bind_front(f, sound))(2.0), 3.0);
    EXPECT_EQ(shipped(mpimap::bind_front(&hides_a_pointer::x, &sound))(), 1.0);
#if __has_builtin(__builtin_clear_padding)
    EXPECT_TRUE(contains(refusal(mpimap::bind_front(f, bad)), "byte 8 of a bound argument"));
    EXPECT_TRUE(contains(refusal(mpimap::bind_front(&hides_a_pointer::x, &bad)), "byte 8 of a bound object"));
#endif
}

TEST(function, only_types_that_hide_their_members_are_searched) {
    using mpimap::detail::hides_members;
    class number {
      public:
        [[nodiscard]] long get() const { return n_; }

      private:
        long n_ = 0;
    };
    class pair_of_ints {
      public:
        [[nodiscard]] int sum() const { return a_ + b_; }

      private:
        int a_ = 0;
        int b_ = 0;
    };
    struct with_array {
        long n[3];
    };
    struct with_union {
        long kind;
        union {
            long whole;
            unsigned long bits;
        };
    };
    static_assert(hides_members<number> && hides_members<with_array> && hides_members<with_union>);
    static_assert(!hides_members<pair_of_ints>); // not aligned as a pointer is
    static_assert(!hides_members<linear> && !hides_members<model> && !hides_members<with_serialize>);
    static_assert(!hides_members<double> && !hides_members<std::pair<long, long>>);
}

TEST(function, a_clean_closure_does_not_vouch_for_the_next) {
    const auto make = [](std::uintptr_t word) { return [word](int) { return word; }; };
    EXPECT_EQ(refusal(make(1)), "nothing was thrown");
    EXPECT_EQ(refusal(make(1)), "nothing was thrown");
    EXPECT_TRUE(contains(refusal(make(reinterpret_cast<std::uintptr_t>(&a_global))), "byte 0 "));
    EXPECT_TRUE(contains(refusal(make(reinterpret_cast<std::uintptr_t>(&a_global))), "byte 0 "));
}

TEST(function, numbers_pass) {
    const auto pass = [](auto value) {
        const auto f = [value](int) { return value; };
        return refusal(f);
    };
    for (const double d : {0.0, -0.0, 1.0, -1.0, 3.14159, 1e-300, 1e300, 6.02e23, HUGE_VAL, std::nan("")})
        EXPECT_EQ(pass(d), "nothing was thrown") << d;
    for (const long long i : {0LL, 1LL, -1LL, 42LL, 65535LL, -1000000007LL, 1LL << 47, 1LL << 62})
        EXPECT_EQ(pass(i), "nothing was thrown") << i;
    EXPECT_EQ(pass(std::pair<int, int>(1, 2)), "nothing was thrown");
    EXPECT_EQ(pass(true), "nothing was thrown");
    EXPECT_EQ(pass(static_cast<int*>(nullptr)), "nothing was thrown");
}

TEST(function, trust_bytes_asks_nothing) {
    int here = 5;
    const auto f = [p = &here](int x) { return *p + x; };
    const auto trusted = mpimap::trust_bytes(f);
    EXPECT_EQ(refusal(trusted), "nothing was thrown");
    EXPECT_EQ(shipped(trusted)(1), 6); // the same process: the pointer is good
}

TEST(function, padding_is_cleared) {
    struct storage {
        alignas(16) std::byte bytes[64];
    };
    const auto encoded = [](std::byte fill) {
        storage s;
        const auto f = [c = 'c', d = 1.5](int) { return c + d; };
        std::memset(s.bytes, static_cast<int>(fill), sizeof s.bytes);
        const auto* placed = ::new (static_cast<void*>(s.bytes)) auto(f);
        mpimap::detail::writer out;
        function_copy<std::remove_const_t<decltype(f)>>::write(out, *placed);
        return wire::message(out).body;
    };
    EXPECT_EQ(encoded(std::byte{0x00}), encoded(std::byte{0x05}));
}

namespace everything {

using namespace std;
using namespace mpimap;

int look_up(const map<int, int>& m, int i) {
    return m.at(i);
}
auto bound_first() {
    return bind_front(look_up, map<int, int>{{1, 2}});
}
auto bound_by_name() {
    return bind_front<look_up>(map<int, int>{{1, 2}});
}
auto bound_last() {
    return bind_back([](int i, const string& s) { return s.size() + static_cast<size_t>(i); }, string("abc"));
}

} // namespace everything

// The standard library's functions of the same names are found, too, and are worse.
TEST(function, names_are_not_ambiguous_with_those_of_std) {
    EXPECT_EQ(everything::bound_first()(1), 2);
    EXPECT_EQ(everything::bound_by_name()(1), 2);
    EXPECT_EQ(everything::bound_last()(1), 4U);
    static_assert(mpimap::detail::function_copy<decltype(everything::bound_first())>::supported);
}

// No standard layout, as with a reference in it; but the compiler shows that all of it is plain.
TEST(function, lambdas_that_capture_data_on_several_levels) {
    struct base {
        int i = 1;
    };
    struct derived : base {
        double d = 2;
    };
    class mixed {
      public:
        double shown = 3;
        [[nodiscard]] int hidden() const { return hidden_; }

      private:
        int hidden_ = 4;
    };
    const derived two_levels;
    const mixed two_accesses;
    int n = 5;
    const auto f = [two_levels, two_accesses](double x) {
        return two_levels.i + two_levels.d + two_accesses.shown + two_accesses.hidden() + x;
    };
    const auto by_reference = [two_levels, &n](double x) { return two_levels.d + n + x; };
    using f_type = std::remove_const_t<decltype(f)>;
    static_assert(!std::is_standard_layout_v<f_type> && mpimap::detail::function_copy<f_type>::supported);
    static_assert(!mpimap::detail::function_copy<std::remove_const_t<decltype(by_reference)>>::supported);
    EXPECT_EQ(refusal(f), "nothing was thrown");
    EXPECT_EQ(by_reference(1), 8);
}
