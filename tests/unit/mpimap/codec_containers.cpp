// Sets and maps arrive as they were sent: the same order of iteration, what compares and hashes their keys,
// also from inside of a user's `serialize`, for which no header but the library's is included here.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <list>
#include <map>
#include <memory_resource>

#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <mpimap/codec.hpp>

#include "unit/mpimap/round_trip.hpp"

namespace {

/// Inside of a class with `serialize`.
template <typename T>
struct boxed {
    T value;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& value;
    }
};

template <typename C>
auto elements(const C& c) {
    std::vector<std::pair<typename C::key_type, double>> all;
    for (const auto& e : c) {
        if constexpr (mpimap::detail::maps_keys<C>) {
            all.emplace_back(e.first, e.second);
        } else {
            all.emplace_back(e, 0);
        }
    }
    return all;
}

template <typename C>
void expect_same_order(const C& c) {
    const C copy = wire::round_trip(c);
    EXPECT_EQ(elements(copy), elements(c));
    EXPECT_EQ(copy.bucket_count(), c.bucket_count());
    EXPECT_EQ(copy.max_load_factor(), c.max_load_factor());
    EXPECT_EQ(elements(wire::round_trip(copy)), elements(c));
    EXPECT_EQ(elements(wire::round_trip(boxed<C>{c}).value), elements(c));
    for (auto at = c.begin(); at != c.end();) {
        const auto& key = mpimap::detail::key_in<C>(*at);
        const auto [first, last] = c.equal_range(key); // they lie side by side: once is enough
        const auto [copied, copied_last] = copy.equal_range(key);
        EXPECT_EQ(std::distance(first, last), std::distance(copied, copied_last));
        at = last;
    }
}

/// Tables with a history: elements of which few or many keys are equal, some of them gone again, rehashed.
template <typename C, typename Key, typename Add>
void expect_same_order_of_many(const Key& key, const Add& add) {
    std::mt19937 random(17);
    for (const std::size_t n : {0UL, 1UL, 2UL, 5UL, 12UL, 19UL, 25UL, 200UL, 5000UL}) {
        for (const unsigned keys : {3U, 40U, 1000000U}) {
            for (const int history : {0, 1, 2, 3, 4}) {
                C c;
                if (history == 1)
                    c.max_load_factor(7.5F);
                if (history == 2)
                    c.reserve(3 * n + 50);
                for (std::size_t i = 0; i < n; ++i)
                    add(c, key(static_cast<int>(random() % keys)), static_cast<double>(i));
                if (history == 3) {
                    for (std::size_t i = 0; i < n / 2; ++i)
                        c.erase(key(static_cast<int>(random() % keys)));
                }
                if (history == 4) {
                    c.rehash(2 * c.size());
                    c.max_load_factor(0.1F); // of what comes later
                }
                expect_same_order(c);
            }
        }
    }
}

int as_int(int k) {
    return k;
}
std::string as_text(int k) {
    return "key " + std::to_string(k); // whose hash is slow: other rules where tables are small
}
const auto add_key = [](auto& c, auto key, double) { c.insert(std::move(key)); };
const auto add_value = [](auto& c, auto key, double x) { c.emplace(std::move(key), x); };

/// A hash, an equality and a comparator with state.
struct modulo {
    std::size_t by = 1;
    std::size_t operator()(int x) const { return static_cast<std::size_t>(x) % by; }
};
struct close_by {
    int within = 0;
    bool operator()(int a, int b) const { return a / within == b / within; }
};
struct by_digit {
    std::vector<int> rank; // an order of digits
    bool operator()(int a, int b) const {
        return rank.at(static_cast<std::size_t>(a)) < rank.at(static_cast<std::size_t>(b));
    }
};
/// Not to be had without its state.
struct descending_from {
    explicit descending_from(int t) : top(t) {}
    bool operator()(int a, int b) const { return (a + top) % 10 > (b + top) % 10; }
    int top;
};

using by_function = bool (*)(int, int);
template <typename T>
struct arena {
    using value_type = T;
    int* where = nullptr;
    T* allocate(std::size_t n) { return std::allocator<T>().allocate(n); }
    void deallocate(T* p, std::size_t n) { std::allocator<T>().deallocate(p, n); }
    bool operator==(const arena&) const = default;
};

} // namespace

TEST(containers, hash_tables_are_gone_through_in_the_same_order) {
    expect_same_order_of_many<std::unordered_set<int>>(as_int, add_key);
    expect_same_order_of_many<std::unordered_set<std::string>>(as_text, add_key);
    expect_same_order_of_many<std::unordered_map<int, double>>(as_int, add_value);
    expect_same_order_of_many<std::unordered_map<std::string, double>>(as_text, add_value);
}

TEST(containers, equal_keys_stay_in_their_order) {
    expect_same_order_of_many<std::unordered_multiset<int>>(as_int, add_key);
    expect_same_order_of_many<std::unordered_multiset<std::string>>(as_text, add_key);
    expect_same_order_of_many<std::unordered_multimap<int, double>>(as_int, add_value);
    expect_same_order_of_many<std::unordered_multimap<std::string, double>>(as_text, add_value);
    const std::multimap<int, int> ordered{{1, 3}, {1, 1}, {0, 5}, {1, 2}};
    EXPECT_EQ(wire::round_trip(ordered), ordered);
}

TEST(containers, a_table_with_few_elements_and_many_buckets_is_no_large_message) {
    std::unordered_map<int, double> c;
    c.reserve(1000000);
    c[3] = 4;
    const auto copy = wire::round_trip(c);
    EXPECT_EQ(elements(copy), elements(c));
    EXPECT_LT(copy.bucket_count(), 100000U);
}

TEST(containers, comparators_and_hashes_bring_their_state) {
    std::set<int, by_digit> ordered(by_digit{{5, 4, 3, 2, 1, 0}});
    ordered.insert({0, 1, 2, 5});
    auto copy = wire::round_trip(ordered);
    EXPECT_TRUE(std::equal(copy.begin(), copy.end(), ordered.begin(), ordered.end()));
    copy.insert(3);
    EXPECT_EQ(*std::next(copy.begin()), 3);

    std::map<int, double, descending_from> without_default(descending_from(4));
    without_default = {{{1, .1}, {5, .5}, {9, .9}}, descending_from(4)};
    auto moved = wire::round_trip(without_default);
    EXPECT_EQ(moved.key_comp().top, 4);
    EXPECT_EQ(moved.begin()->first, 5);

    std::unordered_multiset<int, modulo, close_by> hashed(3, modulo{10}, close_by{10});
    for (const int k : {11, 22, 35, 71, 72})
        hashed.insert(k);
    const auto other = wire::round_trip(hashed);
    EXPECT_EQ(other.hash_function().by, 10U);
    EXPECT_EQ(other.key_eq().within, 10);
    EXPECT_TRUE(std::equal(other.begin(), other.end(), hashed.begin(), hashed.end()));
}

TEST(containers, what_cannot_bring_its_state_does_not_travel) {
    using mpimap::encodable;
    EXPECT_FALSE((encodable<std::set<int, by_function>>));
    EXPECT_FALSE((encodable<std::map<int, int, std::function<bool(int, int)>>>));
    EXPECT_FALSE((encodable<std::unordered_set<int, std::size_t (*)(int)>>));
    EXPECT_FALSE((encodable<std::unordered_map<int, int, std::hash<int>, by_function>>));
    EXPECT_FALSE((encodable<std::vector<int, arena<int>>>));
    EXPECT_FALSE((encodable<std::list<int, arena<int>>>));
    EXPECT_FALSE((encodable<std::set<int, std::less<>, arena<int>>>));
    EXPECT_FALSE((encodable<std::basic_string<char, std::char_traits<char>, arena<char>>>));
    EXPECT_FALSE((encodable<std::vector<bool, arena<bool>>>));
    EXPECT_TRUE((encodable<std::set<int, std::greater<>>>));
    EXPECT_TRUE((encodable<std::pmr::vector<int>>)); // with the default resource of the other rank
}

TEST(containers, damaged_shapes_are_no_large_allocation) {
    std::unordered_map<int, int> c{{1, 2}, {3, 4}};
    const wire::message m = wire::encode(c);
    for (std::size_t at = 0; at + 8 <= m.body.size(); ++at) {
        wire::message bad = m;
        for (std::size_t k = 0; k < 8; ++k)
            bad.body[at + k] = std::byte{0xff};
        try {
            (void)wire::decode<std::unordered_map<int, int>>(bad);
        } catch (const std::exception& e) {
            EXPECT_NE(std::string(e.what()), "");
        }
    }
    EXPECT_EQ(wire::refused_truncations<decltype(c)>(m), m.body.size());
}
