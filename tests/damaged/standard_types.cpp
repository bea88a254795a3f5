// Types of the standard library, and structs of them.

#include "subject.hpp"

#include <array>
#include <bitset>
#include <chrono>
#include <complex>
#include <deque>
#include <filesystem>
#include <forward_list>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <queue>
#include <set>
#include <stack>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <valarray>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

namespace damaged {
namespace {

struct settings {
    std::string name;
    std::vector<double> weights;
    bool strict;
    std::optional<std::string> note;
};
struct plan {
    std::vector<settings> all;
    std::map<std::string, std::vector<int>> groups;
};
/// A tree in itself.
struct branch {
    int value;
    std::vector<branch> branches;
};
branch tree(int depth) {
    branch b{depth, {}};
    for (int i = 0; depth > 0 && i < 3; ++i)
        b.branches.push_back(tree(depth - 1));
    return b;
}
struct nothing {};
/// Elements that take no bytes where they are not contiguous.
using nothings = std::list<nothing>;

std::vector<double> doubles(std::size_t n) {
    std::vector<double> v(n);
    std::iota(v.begin(), v.end(), 0.5);
    return v;
}
std::vector<std::string> texts(std::size_t n) {
    std::vector<std::string> v;
    for (std::size_t i = 0; i < n; ++i)
        v.emplace_back(i % 37, static_cast<char>('a' + i % 26));
    return v;
}
template <typename Map>
Map numbered(std::size_t n) {
    Map m;
    for (std::size_t i = 0; i < n; ++i)
        m.emplace(std::to_string(i * i), static_cast<int>(i));
    return m;
}

} // namespace

std::vector<subject> standard_types() {
    constexpr std::size_t texts_each = sizeof(std::string) / 8;
    constexpr std::size_t vectors_each = sizeof(std::vector<int>) / 8;
    const std::vector<std::string> some = texts(40);
    std::vector<subject> all;
    all.push_back(value("number", 2.5));
    all.push_back(value("text", std::string("a text of some length, and then some more of it")));
    all.push_back(value("numbers", doubles(100)));
    all.push_back(value("numbers apart from the message", doubles(8200)));
    all.push_back(value("texts", some, texts_each));
    all.push_back(value("vectors", std::vector<std::vector<int>>(20, {1, 2, 3}), vectors_each));
    all.push_back(value("vectors apart", std::vector<std::vector<double>>(3, doubles(8200)), vectors_each));
    all.push_back(value("bools", std::vector<bool>(201, true)));
    all.push_back(value("array", std::array<std::string, 3>{"one", "two", "three"}));
    all.push_back(value("deque", std::deque<std::string>(some.begin(), some.end()), texts_each));
    all.push_back(value("list", std::list<int>(50, 7)));
    all.push_back(value("forward_list", std::forward_list<std::string>(some.begin(), some.end())));
    all.push_back(value("list of nothing", nothings(11)));
    all.push_back(value("set", std::set<int>{1, 5, 7, 9, 11}));
    all.push_back(value("multimap", numbered<std::multimap<std::string, int>>(40)));
    all.push_back(value("map", numbered<std::map<std::string, int>>(40)));
    all.push_back(value("unordered_map", numbered<std::unordered_map<std::string, int>>(40)));
    all.push_back(value("unordered_multiset", std::unordered_multiset<int>{1, 1, 2, 3, 3, 3}));
    all.push_back(value("unordered_set of vectors' sizes",
                        std::unordered_map<int, std::vector<double>>{{1, doubles(3)}, {2, {}}}));
    all.push_back(value("optional", std::optional<std::string>("there")));
    all.push_back(value("variant", std::variant<int, std::string, std::vector<double>>(doubles(5))));
    all.push_back(value("tuple", std::tuple<int, std::string, bool>(1, "two", true)));
    all.push_back(value("pair", std::pair<const std::string, std::vector<int>>("key", {1, 2})));
    all.push_back(value("unique_ptr", std::pair<std::unique_ptr<std::string>, int>(
                                          std::make_unique<std::string>("owned"), 3)));
    all.push_back(value("shared_ptr", std::make_shared<std::vector<int>>(20, 4)));
    all.push_back(value("valarray", std::valarray<double>(1.5, 30)));
    all.push_back(value("stack", std::stack<std::string>(std::deque<std::string>{"a", "b"}), texts_each));
    all.push_back(
        value("priority_queue", std::priority_queue<int>(std::less<int>(), std::vector<int>{5, 3, 1})));
    all.push_back(value("bitset", std::bitset<99>(0x1234)));
    all.push_back(value("path", std::filesystem::path("a/path/of/some/length.dat")));
    all.push_back(value("complex", std::vector<std::complex<double>>{{1, 2}, {3, 4}}));
    all.push_back(value("durations", std::vector<std::chrono::nanoseconds>(5, std::chrono::seconds(3))));
    all.push_back(value("expected", tl::expected<std::string, int>("well")));
    all.push_back(value("struct",
                        plan{{{"one", doubles(4), true, "note"}, {"two", {}, false, {}}}, {{"g", {1, 2}}}},
                        sizeof(settings) / 18));
    all.push_back(value("tree", tree(3), sizeof(branch) / 12 + 1));
    return all;
}

} // namespace damaged
