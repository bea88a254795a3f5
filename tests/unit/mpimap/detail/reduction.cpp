// The reduction's tree: the same value, to the last bit, as a serial reference, whoever folded which part and
// in whatever order the parts come.

#include <mpimap/detail/reduction.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "unit/mpimap/round_trip.hpp"

namespace {

using namespace mpimap::detail;

/// What the documentation promises: blocks of 256 left to right, then pairs of neighbours, level by level.
template <typename T, typename Op>
std::optional<T> reference(std::vector<T> items, Op op) {
    std::vector<T> level;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (i % 256 == 0) {
            level.push_back(items[i]);
        } else {
            level.back() = op(level.back(), items[i]);
        }
    }
    while (level.size() > 1) {
        std::vector<T> above;
        for (std::size_t i = 0; i < level.size(); i += 2) {
            above.push_back(i + 1 < level.size() ? op(level[i], level[i + 1]) : level[i]);
        }
        level = std::move(above);
    }
    return level.empty() ? std::nullopt : std::optional<T>(level[0]);
}

/// Stands for the function that the tree takes its operation from.
template <typename Op>
struct holder {
    Op op;
    Op& operation() { return op; }
};

std::vector<item_range> random_partition(std::size_t items, std::size_t longest, std::mt19937& random) {
    std::vector<item_range> parts;
    for (std::size_t at = 0; at < items;) {
        const std::size_t n = std::min(items - at, 1 + random() % longest);
        parts.push_back({at, n});
        at += n;
    }
    return parts;
}

/// Folds each part as a rank would, sends its nodes or folds it at the root, in the order given.
template <typename T, typename Op>
std::optional<T> by_parts(const std::vector<T>& items, const std::vector<item_range>& parts, Op op,
                          std::mt19937& random) {
    const auto function = std::make_shared<holder<Op>>(holder<Op>{op});
    const bool one_by_one = random() % 2 == 0;
    reduction_tree<T, holder<Op>> tree(items.size(), one_by_one, function);
    for (const item_range& part : parts) {
        if (random() % 3 == 0) {
            auto local = tree.at(part);
            for (std::size_t i = 0; i < part.count; ++i)
                local.invoke(i, [&] { return items[part.first + i]; });
            continue;
        }
        Op worker_op = op;
        folded_results<T, Op> folded(part, items.size(), one_by_one, &worker_op);
        for (std::size_t i = 0; i < part.count; ++i)
            folded.invoke(i, [&] { return items[part.first + i]; });
        outgoing results;
        failures failed;
        EXPECT_EQ(folded.write(0, part.count, results, failed, 1), part.count);
        EXPECT_TRUE(failed.empty());
        std::function<void()> complete;
        wire::with_reader(wire::message(results.out), [&](reader& in) {
            EXPECT_EQ(tree.read(part, in, failed, 0, complete), part.count);
            return 0;
        });
        complete();
    }
    return tree.value();
}

const std::vector<std::size_t> some_items{1,   2,   255, 256,  257,  511,  512,  513,
                                          767, 768, 769, 1024, 1025, 2000, 4096, 5000};

} // namespace

TEST(reduction, floating_point_sums_have_the_bits_of_the_reference) {
    std::mt19937 random(1);
    std::uniform_real_distribution<double> exponent(-20, 20);
    for (const std::size_t n : some_items) {
        std::vector<double> items(n);
        for (double& x : items)
            x = std::exp2(exponent(random)) * (random() % 2 == 0 ? 1 : -1);
        const auto expected = reference(items, std::plus<>{});
        for (const std::size_t longest : {1U, 7U, 256U, 300U, 600U, 5000U}) {
            auto parts = random_partition(n, longest, random);
            std::shuffle(parts.begin(), parts.end(), random);
            EXPECT_EQ(by_parts(items, parts, std::plus<>{}, random), expected)
                << n << " items, parts of up to " << longest;
        }
    }
}

TEST(reduction, operations_that_do_not_commute_keep_the_order) {
    std::mt19937 random(2);
    for (const std::size_t n : some_items) {
        std::vector<std::string> items(n);
        for (std::size_t i = 0; i < n; ++i)
            items[i] = std::to_string(i) + ",";
        std::string all;
        for (const std::string& s : items)
            all += s;
        auto parts = random_partition(n, 700, random);
        std::shuffle(parts.begin(), parts.end(), random);
        EXPECT_EQ(by_parts(items, parts, std::plus<std::string>{}, random), all) << n;
    }
}

TEST(reduction, the_shape_of_the_tree_is_that_of_the_reference) {
    // Brackets show the shape: the operation is not associative, so any other tree gives another text.
    const auto bracket = [](const std::string& a, const std::string& b) { return "(" + a + b + ")"; };
    std::mt19937 random(3);
    for (const std::size_t n : {1U, 3U, 256U, 300U, 600U, 1100U, 1600U}) {
        const std::vector<std::string> items(n, "x");
        const auto expected = reference(items, bracket);
        for (const std::size_t longest : {50U, 256U, 512U, 1600U}) {
            auto parts = random_partition(n, longest, random);
            std::shuffle(parts.begin(), parts.end(), random);
            EXPECT_EQ(by_parts(items, parts, bracket, random), expected)
                << n << " items, parts of up to " << longest;
        }
    }
}

TEST(reduction, large_values_travel_as_spans) {
    using vec = std::vector<double>;
    const auto add = [](vec a, const vec& b) {
        for (std::size_t i = 0; i < a.size(); ++i)
            a[i] += b[i];
        return a;
    };
    std::mt19937 random(4);
    std::vector<vec> items(600, vec(10000));
    for (std::size_t i = 0; i < items.size(); ++i)
        items[i].assign(10000, static_cast<double>(i));
    auto parts = random_partition(items.size(), 300, random);
    std::shuffle(parts.begin(), parts.end(), random);
    const auto sum = by_parts(items, parts, add, random);
    ASSERT_TRUE(sum);
    EXPECT_EQ(*sum, vec(10000, 600.0 * 599 / 2));
}

TEST(reduction, a_part_sends_few_values) {
    const std::size_t total = 100000;
    std::plus<> op;
    const auto nodes_of = [&](std::size_t first, std::size_t count) {
        part_folder<long, std::plus<>> folder({first, count}, total, false, &op);
        for (std::size_t i = first; i < first + count; ++i)
            folder.add(i, 1);
        return folder.nodes().size();
    };
    EXPECT_EQ(nodes_of(0, 256), 1U);
    EXPECT_EQ(nodes_of(0, 256 * 64), 1U);    // a whole subtree
    EXPECT_LE(nodes_of(256, 256 * 63), 12U); // at most two per level
    EXPECT_EQ(nodes_of(10, 20), 20U);        // no whole block
    EXPECT_LE(nodes_of(100, 50000), 156U + 24U + 255U);
}

TEST(reduction, the_last_block_may_be_short) {
    std::plus<> op;
    part_folder<int, std::plus<>> folder({256, 44}, 300, false, &op);
    for (std::size_t i = 256; i < 300; ++i)
        folder.add(i, 1);
    ASSERT_EQ(folder.nodes().size(), 1U);
    EXPECT_EQ(folder.nodes()[0].level, 0);
    EXPECT_EQ(folder.nodes()[0].index, 1U);
    EXPECT_EQ(folder.nodes()[0].value, 44);
}

TEST(reduction, nothing_folds_to_nothing) {
    const auto function = std::make_shared<holder<std::plus<>>>();
    reduction_tree<double, holder<std::plus<>>> tree(0, false, function);
    EXPECT_EQ(tree.value(), std::nullopt);
}

TEST(reduction, counts_of_nodes) {
    static_assert(nodes_at(1, 0) == 1 && nodes_at(5, 0) == 5 && nodes_at(5, 1) == 3 && nodes_at(5, 2) == 2 &&
                  nodes_at(5, 3) == 1);
    EXPECT_EQ(nodes_at(std::uint64_t{1} << 40U, 39), 2U);
}

TEST(reduction, a_truncated_part_is_a_failure) {
    std::plus<> op;
    folded_results<double, std::plus<>> folded({0, 300}, 1000, false, &op);
    for (std::size_t i = 0; i < 300; ++i)
        folded.invoke(i, [] { return 1.0; });
    outgoing results;
    failures failed;
    folded.write(0, 300, results, failed, 1);
    const wire::message whole(results.out);
    for (std::size_t size = 0; size < whole.body.size(); size += 7) {
        const auto function = std::make_shared<holder<std::plus<>>>();
        reduction_tree<double, holder<std::plus<>>> tree(1000, false, function);
        reader in(whole.body.data(), size);
        failures bad;
        std::function<void()> complete;
        EXPECT_EQ(tree.read({0, 300}, in, bad, 0, complete), 0U);
        ASSERT_EQ(bad.size(), 1U);
        EXPECT_EQ(bad[0].type, "mpimap::serialization_error");
    }
}
