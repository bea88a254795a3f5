// What travels by Boost.Serialization: every way to write a serialize function, graphs, polymorphic pointers,
// and the std types that only <mpimap/serialization.hpp> brings into a user's serialize.

#include <mpimap/serialization.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <boost/serialization/version.hpp>
#include <gtest/gtest.h>

#include <mpimap/codec.hpp>

#include "known_leaks.hpp"
#include "unit/mpimap/round_trip.hpp"

namespace travellers {

struct member {
    int i = 0;
    std::vector<double> v;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& i;
        ar& v;
    }
    friend bool operator==(const member&, const member&) = default;
};

class hidden {
  public:
    hidden() = default;
    explicit hidden(std::string s) : s_(std::move(s)) {}
    friend bool operator==(const hidden&, const hidden&) = default;

  private:
    friend class boost::serialization::access;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& s_;
    }
    std::string s_;
};

struct free_standing {
    std::string s;
    friend bool operator==(const free_standing&, const free_standing&) = default;
};
template <typename Archive>
void serialize(Archive& ar, free_standing& f, unsigned) {
    ar& f.s;
}

struct split_member {
    int doubled = 0;
    template <typename Archive>
    void save(Archive& ar, unsigned) const {
        const int half = doubled / 2;
        ar << half;
    }
    template <typename Archive>
    void load(Archive& ar, unsigned) {
        int half = 0;
        ar >> half;
        doubled = 2 * half;
    }
    BOOST_SERIALIZATION_SPLIT_MEMBER()
    friend bool operator==(const split_member&, const split_member&) = default;
};

struct split_free_type {
    int i = 0;
    friend bool operator==(const split_free_type&, const split_free_type&) = default;
};
template <typename Archive>
void save(Archive& ar, const split_free_type& s, unsigned) {
    ar << s.i;
}
template <typename Archive>
void load(Archive& ar, split_free_type& s, unsigned) {
    ar >> s.i;
}
template <typename Archive>
void serialize(Archive& ar, split_free_type& s, unsigned version) {
    boost::serialization::split_free(ar, s, version);
}

struct versioned {
    int i = 0;
    unsigned seen = 0;
    template <typename Archive>
    void serialize(Archive& ar, unsigned version) {
        ar& i;
        if (Archive::is_loading::value)
            seen = version;
    }
};

/// Two pointers to one object stay two pointers to one object.
struct tracked {
    std::shared_ptr<member> first;
    std::shared_ptr<member> second;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& first;
        ar& second;
    }
};

/// A ring: the graph refers back to itself.
struct ring {
    int i = 0;
    std::shared_ptr<ring> next;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& i;
        ar& next;
    }
};

class shape {
  public:
    virtual ~shape() = default;
    [[nodiscard]] virtual double area() const = 0;
    template <typename Archive>
    void serialize(Archive&, unsigned) {}
};
class square : public shape {
  public:
    square() = default;
    explicit square(double side) : side_(side) {}
    [[nodiscard]] double area() const override { return side_ * side_; }
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& boost::serialization::base_object<shape>(*this);
        ar& side_;
    }

  private:
    double side_ = 0;
};
class disc : public shape {
  public:
    disc() = default;
    explicit disc(double radius) : radius_(radius) {}
    [[nodiscard]] double area() const override { return 3 * radius_ * radius_; }
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& boost::serialization::base_object<shape>(*this);
        ar& radius_;
    }

  private:
    double radius_ = 0;
};
class not_exported : public shape {
  public:
    [[nodiscard]] double area() const override { return 1; }
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& boost::serialization::base_object<shape>(*this);
    }
};

/// What Boost 1.81 lacks in a serialize function.
struct modern {
    std::optional<int> o;
    std::optional<member> om;
    std::variant<int, std::string, member> v;
    std::tuple<int, std::string> t;
    std::variant<std::monostate, double> maybe;
    std::unique_ptr<member> u;
    std::map<std::string, std::vector<std::string>> m;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& o;
        ar& om;
        ar& v;
        ar& t;
        ar& maybe;
        ar& u;
        ar& m;
    }
};

/// A plain struct whose members go by Boost.
struct mixed {
    std::string name;
    member m;
    std::vector<hidden> hs;
    friend bool operator==(const mixed&, const mixed&) = default;
};

// Built member by member: GCC 12 warns of a temporary that is left half-built by an exception.
mixed make_mixed(const std::string& name, member m, const std::string& text) {
    mixed all;
    all.name = name;
    all.m = std::move(m);
    all.hs.emplace_back(text);
    return all;
}

struct throws_on_save {
    template <typename Archive>
    void serialize(Archive&, unsigned) {
        if (Archive::is_saving::value)
            throw std::runtime_error("will not be saved");
    }
};

struct throws_on_load {
    template <typename Archive>
    void serialize(Archive&, unsigned) {
        if (Archive::is_loading::value)
            throw std::runtime_error("will not be loaded");
    }
};

} // namespace travellers

BOOST_CLASS_VERSION(travellers::versioned, 7)
BOOST_CLASS_EXPORT(travellers::square)
BOOST_CLASS_EXPORT(travellers::disc)

namespace {

using namespace travellers;
using mpimap::encoding;
using mpimap::encoding_of;

static_assert(encoding_of<member> == encoding::boost && encoding_of<hidden> == encoding::boost &&
              encoding_of<free_standing> == encoding::boost && encoding_of<split_member> == encoding::boost &&
              encoding_of<split_free_type> == encoding::boost && encoding_of<tracked> == encoding::boost &&
              encoding_of<mixed> == encoding::aggregate);
static_assert(encoding_of<std::shared_ptr<shape>> == encoding::boost &&
              encoding_of<std::unique_ptr<shape>> == encoding::boost &&
              encoding_of<std::shared_ptr<member>> == encoding::boost &&
              encoding_of<std::unique_ptr<member>> == encoding::standard &&
              encoding_of<std::vector<std::shared_ptr<shape>>> == encoding::standard);

template <typename T>
void expect_round_trip(const T& value) {
    EXPECT_EQ(wire::round_trip(value), value);
}

modern some_modern() {
    modern m;
    m.o = 3;
    m.om = member{4, {1, 2}};
    m.v = member{5, {}};
    m.t = {6, "six"};
    m.maybe = 7.5;
    m.u = std::make_unique<member>(member{8, {8}});
    m.m = {{"a", {"b", "c"}}, {"", {}}};
    return m;
}

} // namespace

TEST(codec_boost, every_kind_of_serialize_function) {
    expect_round_trip(member{1, {2, 3}});
    expect_round_trip(hidden("private"));
    expect_round_trip(free_standing{"free"});
    expect_round_trip(split_member{8});
    expect_round_trip(split_free_type{9});
}

TEST(codec_boost, in_containers_and_aggregates) {
    expect_round_trip(std::vector<member>{{1, {}}, {2, {1, 2, 3}}});
    expect_round_trip(std::list<hidden>{hidden("a"), hidden("")});
    expect_round_trip(std::map<std::string, member>{{"k", {1, {2}}}});
    expect_round_trip(std::optional<free_standing>(free_standing{"o"}));
    expect_round_trip(std::variant<int, hidden>(hidden("v")));
    expect_round_trip(make_mixed("mixed", {1, {2}}, "x"));
    expect_round_trip(std::vector<mixed>(3, make_mixed("again", {1, {2}}, "x")));
}

TEST(codec_boost, equal_objects_one_after_the_other_are_not_one) {
    // Tracking is by address: elements that were temporaries at one address would come out as copies of the
    // first.
    std::vector<member> many;
    for (int i = 0; i < 100; ++i)
        many.push_back({i, {0.5 * i}});
    expect_round_trip(many);
    EXPECT_EQ(wire::round_trip(std::vector<bool>{true, false}), (std::vector<bool>{true, false}));
}

TEST(codec_boost, the_class_version_arrives) {
    const versioned v = wire::round_trip(versioned{3, 0});
    EXPECT_EQ(v.i, 3);
    EXPECT_EQ(v.seen, 7U);
}

TEST(codec_boost, one_object_behind_two_pointers_stays_one) {
    tracked t;
    t.first = std::make_shared<member>(member{1, {2}});
    t.second = t.first;
    const tracked back = wire::round_trip(t);
    ASSERT_NE(back.first, nullptr);
    EXPECT_EQ(*back.first, *t.first);
    EXPECT_EQ(back.first, back.second);
}

TEST(codec_boost, one_object_behind_the_pointers_of_one_vector_stays_one) {
    const auto p = std::make_shared<member>(member{1, {2}});
    const auto back = wire::round_trip(std::vector<std::shared_ptr<member>>{p, nullptr, p});
    ASSERT_EQ(back.size(), 3U);
    ASSERT_NE(back[0], nullptr);
    EXPECT_EQ(back[1], nullptr);
    EXPECT_EQ(back[0], back[2]);
    EXPECT_EQ(*back[0], *p);
}

TEST(codec_boost, a_graph_with_a_cycle) {
    const auto a = std::make_shared<ring>();
    const auto b = std::make_shared<ring>();
    a->i = 1;
    b->i = 2;
    a->next = b;
    b->next = a;
    const auto back = wire::round_trip(a);
    ASSERT_NE(back, nullptr);
    EXPECT_EQ(back->i, 1);
    EXPECT_EQ(back->next->i, 2);
    EXPECT_EQ(back->next->next, back);
    // Cycles of shared pointers free themselves for nobody.
    a->next.reset();
    back->next.reset();
}

TEST(codec_boost, polymorphic_objects_keep_their_type) {
    const auto s = wire::round_trip(std::shared_ptr<shape>(std::make_shared<square>(3.0)));
    ASSERT_NE(s, nullptr);
    EXPECT_EQ(s->area(), 9.0);
    EXPECT_NE(dynamic_cast<square*>(s.get()), nullptr);
    EXPECT_EQ(wire::round_trip(std::shared_ptr<shape>()), nullptr);

    std::vector<std::unique_ptr<shape>> many;
    many.push_back(std::make_unique<disc>(2.0));
    many.push_back(std::make_unique<square>(2.0));
    const auto back = wire::decode<std::vector<std::unique_ptr<shape>>>(wire::encode(many));
    ASSERT_EQ(back.size(), 2U);
    EXPECT_EQ(back[0]->area(), 12.0);
    EXPECT_EQ(back[1]->area(), 4.0);
}

TEST(codec_boost, a_type_that_was_not_exported_is_refused) {
    EXPECT_THROW((void)wire::encode(std::shared_ptr<shape>(std::make_shared<not_exported>())),
                 boost::archive::archive_exception);
}

TEST(codec_boost, std_types_inside_a_serialize_function) {
    const modern m = some_modern();
    const modern back = wire::decode<modern>(wire::encode(m));
    EXPECT_EQ(back.o, m.o);
    EXPECT_EQ(back.om, m.om);
    EXPECT_EQ(back.v, m.v);
    EXPECT_EQ(back.t, m.t);
    EXPECT_EQ(back.maybe, m.maybe);
    ASSERT_NE(back.u, nullptr);
    EXPECT_EQ(*back.u, *m.u);
    EXPECT_EQ(back.m, m.m);

    modern none;
    const modern none_back = wire::decode<modern>(wire::encode(none));
    EXPECT_EQ(none_back.o, std::nullopt);
    EXPECT_EQ(none_back.om, std::nullopt);
    EXPECT_EQ(none_back.u, nullptr);
    EXPECT_EQ(none_back.maybe.index(), 0U);
}

TEST(codec_boost, an_optional_that_was_set_is_emptied) {
    const wire::message m = wire::encode(modern());
    const modern back = wire::with_reader(m, [](mpimap::detail::reader& in) {
        modern value = some_modern();
        mpimap::detail::read_value(in, value);
        return value;
    });
    EXPECT_EQ(back.o, std::nullopt);
    EXPECT_EQ(back.u, nullptr);
}

TEST(codec_boost, large_arrays_beside_and_inside) {
    const std::string text(70000, 'x');
    // Inside an archive all is copied; a container of the library's own beside it is not.
    const std::pair<member, std::string> p{{1, std::vector<double>(20000, 1.5)}, text};
    EXPECT_EQ(wire::encode(p).spans.size(), 1U);
    expect_round_trip(p);
    expect_round_trip(make_mixed(text, {2, std::vector<double>(20000, 2.5)}, text));
}

TEST(codec_boost, one_archive_serves_many_values) {
    // The class information of the second costs nothing any more.
    mpimap::detail::writer out;
    const std::vector<std::shared_ptr<shape>> v{std::make_shared<square>(3.0), std::make_shared<square>(4.0)};
    mpimap::detail::write_value(out, v[0]);
    const std::size_t first = out.body().size();
    mpimap::detail::write_value(out, v[1]);
    EXPECT_LT(out.body().size() - first, first);
}

TEST(codec_boost, every_truncation_is_refused) {
    const leaks_are_known here;
    const auto check = [](const auto& value) {
        const wire::message m = wire::encode(value);
        ASSERT_FALSE(m.body.empty());
        EXPECT_EQ(wire::refused_truncations<std::remove_cvref_t<decltype(value)>>(m), m.body.size());
    };
    check(member{1, {2, 3}});
    check(hidden("some text"));
    check(std::vector<free_standing>{{"a"}, {"b"}});
    check(split_member{2});
    check(versioned{3, 0});
    check(some_modern());
    check(mixed{"m", {1, {2}}, {hidden("x")}});
    check(std::map<std::string, hidden>{{"k", hidden("v")}});
    tracked t;
    t.first = std::make_shared<member>(member{1, {2}});
    t.second = t.first;
    check(t);
    check(std::shared_ptr<shape>(std::make_shared<square>(3.0)));
    check(std::vector<std::shared_ptr<shape>>{std::make_shared<disc>(1.0), std::make_shared<square>(3.0)});
}

TEST(codec_boost, a_class_name_that_was_damaged_is_refused) {
    const leaks_are_known here;
    const std::shared_ptr<shape> p = std::make_shared<square>(1.0);
    wire::message m = wire::encode(p);
    const std::string name = "travellers::square";
    const auto* bytes = reinterpret_cast<const char*>(m.body.data());
    const std::string body(bytes, m.body.size());
    const std::size_t at = body.find(name);
    ASSERT_NE(at, std::string::npos);
    // As long as a name as Boost has room for, and one that nobody knows.
    wire::message unknown = m;
    unknown.body[at] = std::byte{'X'};
    EXPECT_THROW((void)wire::decode<std::shared_ptr<shape>>(unknown), mpimap::serialization_error);
    wire::message longer = m;
    const std::uint64_t length = 500;
    std::memcpy(longer.body.data() + at - sizeof length, &length, sizeof length);
    longer.body.insert(longer.body.begin() + static_cast<std::ptrdiff_t>(at + name.size()), 500 - name.size(),
                       std::byte{'y'});
    EXPECT_THROW((void)wire::decode<std::shared_ptr<shape>>(longer), mpimap::serialization_error);
}

TEST(codec_boost, what_a_serialize_function_throws_arrives_as_it_is) {
    EXPECT_THROW((void)wire::encode(throws_on_save()), std::runtime_error);
    const wire::message m = wire::encode(throws_on_load());
    EXPECT_THROW((void)wire::decode<throws_on_load>(m), std::runtime_error);
}
