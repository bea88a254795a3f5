// Structs that contain others of their own type: trees, lists, graphs of values, one by way of another.

#include <mpimap/codec.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <mpimap/detail/pointer_scan.hpp>

#include "unit/mpimap/round_trip.hpp"

namespace {

using mpimap::encodable;
using mpimap::encoding;
using mpimap::encoding_of;

struct by_vector {
    double value = 0;
    std::vector<by_vector> children;
    bool operator==(const by_vector&) const = default;
};
struct by_map {
    std::map<std::string, by_map> entries;
    int value = 0;
    bool operator==(const by_map&) const = default;
};
struct by_pointer {
    std::string name;
    std::unique_ptr<by_pointer> next;
};
struct by_shared_pointer {
    int value = 0;
    std::shared_ptr<by_shared_pointer> left;
    std::shared_ptr<by_shared_pointer> right;
};
struct by_variant {
    std::variant<double, std::string, std::vector<by_variant>, std::map<std::string, by_variant>> value;
    bool operator==(const by_variant&) const = default;
};
struct by_optional {
    int value = 0;
    std::optional<std::unique_ptr<by_optional>> below;
};
struct by_lists {
    std::list<by_lists> some;
    std::deque<std::pair<int, std::vector<by_lists>>> more;
    int value = 0;
    bool operator==(const by_lists&) const = default;
};
// Each by way of the other.
struct term;
struct expression {
    std::vector<term> terms;
    bool operator==(const expression&) const = default;
};
struct term {
    double factor = 1;
    std::optional<std::string> variable;
    std::vector<expression> inner;
    bool operator==(const term&) const = default;
};
// Not to be sent for something far inside.
struct with_thread {
    std::vector<with_thread> children;
    std::unique_ptr<std::thread> worker;
};
struct far_above {
    std::map<int, std::vector<far_above>> more;
    std::optional<with_thread> one;
};
struct with_function {
    std::vector<with_function> children;
    std::function<int()> f;
};
class opaque {
  public:
    [[nodiscard]] const int* where() const { return where_; }

  private:
    const int* where_ = nullptr;
};
struct with_opaque {
    std::vector<with_opaque> children;
    opaque what;
};

template <typename T>
constexpr bool apart = encoding_of<T> == encoding::aggregate;

} // namespace

TEST(codec_recursive, they_are_taken_apart) {
    static_assert(apart<by_vector> && apart<by_map> && apart<by_pointer> && apart<by_shared_pointer>);
    static_assert(apart<by_variant> && apart<by_optional> && apart<by_lists>);
    static_assert(apart<expression> && apart<term>);
    static_assert(encodable<std::vector<by_vector>> && encodable<std::unique_ptr<by_pointer>>);
    static_assert(!encodable<with_thread> && !encodable<far_above> && !encodable<with_function>);
    static_assert(!encodable<std::vector<far_above>> && !encodable<std::optional<with_function>>);
    static_assert(mpimap::detail::contains_itself<term> && !mpimap::detail::contains_itself<std::thread>);
}

TEST(codec_recursive, what_may_hide_pointers_is_found) {
    using mpimap::detail::is_searched;
    static_assert(is_searched<with_opaque> && is_searched<std::vector<with_opaque>>);
    static_assert(!is_searched<by_vector> && !is_searched<by_variant>);
}

TEST(codec_recursive, trees_by_vector) {
    const by_vector tree{1, {{2, {{3, {}}, {4, {}}}}, {5, {}}, {6, {{7, {{8, {}}}}}}}};
    EXPECT_EQ(wire::round_trip(tree), tree);
    EXPECT_EQ(wire::round_trip(std::vector<by_vector>{tree, {}, tree}),
              (std::vector<by_vector>{tree, {}, tree}));
}

TEST(codec_recursive, trees_by_map) {
    by_map tree;
    tree.value = 1;
    tree.entries["a"].entries["b"].value = 2;
    tree.entries["c"].value = 3;
    EXPECT_EQ(wire::round_trip(tree), tree);
}

TEST(codec_recursive, lists_by_unique_pointer) {
    by_pointer list{"one", std::make_unique<by_pointer>("two", std::make_unique<by_pointer>("three"))};
    const by_pointer got = wire::round_trip(list);
    EXPECT_EQ(got.name, "one");
    ASSERT_TRUE(got.next && got.next->next);
    EXPECT_EQ(got.next->name, "two");
    EXPECT_EQ(got.next->next->name, "three");
    EXPECT_FALSE(got.next->next->next);
}

TEST(codec_recursive, trees_by_shared_pointer) {
    by_shared_pointer tree;
    tree.left = std::make_shared<by_shared_pointer>();
    tree.left->value = 2;
    tree.left->right = std::make_shared<by_shared_pointer>();
    tree.left->right->value = 3;
    const by_shared_pointer got = wire::round_trip(tree);
    ASSERT_TRUE(got.left && got.left->right);
    EXPECT_EQ(got.left->right->value, 3);
    EXPECT_FALSE(got.right || got.left->left);
}

TEST(codec_recursive, documents_by_variant) {
    const by_variant document{std::map<std::string, by_variant>{
        {"numbers", {std::vector<by_variant>{{1.5}, {2.5}}}}, {"text", {std::string("plain")}}}};
    EXPECT_EQ(wire::round_trip(document), document);
}

TEST(codec_recursive, chains_by_optional) {
    by_optional chain;
    chain.below.emplace(std::make_unique<by_optional>());
    (*chain.below)->value = 7;
    const by_optional got = wire::round_trip(chain);
    ASSERT_TRUE(got.below && *got.below);
    EXPECT_EQ((*got.below)->value, 7);
    EXPECT_FALSE((*got.below)->below);
}

TEST(codec_recursive, several_ways_at_once) {
    by_lists all;
    all.value = 1;
    all.some.emplace_back().value = 2;
    all.more.emplace_back(3, std::vector<by_lists>(2)).second[1].value = 4;
    EXPECT_EQ(wire::round_trip(all), all);
}

TEST(codec_recursive, one_by_way_of_another) {
    const expression e{{{2, "x", {{{{3, {}, {}}, {4, "y", {}}}}}}, {5, "z", {}}}};
    EXPECT_EQ(wire::round_trip(e), e);
    EXPECT_EQ(wire::round_trip(e.terms[0]), e.terms[0]);
}

namespace {

by_pointer make_list(std::size_t nodes) {
    by_pointer list;
    by_pointer* last = &list;
    for (std::size_t i = 1; i < nodes; ++i) {
        last->next = std::make_unique<by_pointer>();
        last = last->next.get();
    }
    return list;
}
std::size_t length(const by_pointer& list) {
    std::size_t n = 0;
    for (const by_pointer* at = &list; at != nullptr; at = at->next.get())
        ++n;
    return n;
}

} // namespace

TEST(codec_recursive, as_deep_as_the_stack_allows) {
    using mpimap::detail::most_levels;
    EXPECT_EQ(length(wire::round_trip(make_list(most_levels))), most_levels);
    const by_pointer too_long = make_list(most_levels + 1);
    EXPECT_THROW((void)wire::encode(too_long), mpimap::serialization_error);
    // The levels that an error leaves behind count no more.
    mpimap::detail::writer out;
    EXPECT_THROW(mpimap::detail::write_value(out, too_long), mpimap::serialization_error);
    EXPECT_NO_THROW(mpimap::detail::write_value(out, make_list(most_levels)));
}

TEST(codec_recursive, pointers_in_a_circle) {
    const auto a = std::make_shared<by_shared_pointer>();
    a->left = std::make_shared<by_shared_pointer>();
    a->left->left = a;
    EXPECT_THROW((void)wire::encode(*a), mpimap::serialization_error);
    a->left->left.reset();
}

TEST(codec_recursive, damaged_messages) {
    // A list that goes on for ever, as far as the message says.
    mpimap::detail::writer out;
    for (std::size_t i = 0; i < 3 * mpimap::detail::most_levels; ++i) {
        mpimap::detail::write_value(out, std::string());
        mpimap::detail::write_value(out, true);
    }
    const wire::message m(out);
    EXPECT_THROW((void)wire::decode<by_pointer>(m), mpimap::serialization_error);
}
