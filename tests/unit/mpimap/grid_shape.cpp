#include <mpimap/grid_shape.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <mpimap/arguments.hpp>
#include <mpimap/errors.hpp>
#include <mpimap/grid.hpp>

#include "unit/refusal.hpp"

using mpimap::grid;
using mpimap::grid_shape;
using mpimap::invalid_argument;
using mpimap_test::refusal;

namespace {

constexpr std::size_t most = std::numeric_limits<std::size_t>::max();

} // namespace

TEST(grid_shape, is_known_to_the_compiler) {
    constexpr grid_shape shape(3, 4, 5);
    static_assert(shape.size() == 60);
    static_assert(shape.lengths() == std::array<std::size_t, 3>{3, 4, 5});
    static_assert(shape.indices(27) == std::array<std::size_t, 3>{1, 1, 2});
    static_assert(shape.index(1, 1, 2) == 27);
    static_assert(shape.stride(0) == 20 && shape.stride(1) == 5 && shape.stride(2) == 1);
    static_assert(shape == grid_shape(std::array<std::size_t, 3>{3, 4, 5}));
    static_assert(shape != grid_shape(3, 5, 4));
}

TEST(grid_shape, counts_as_nested_loops_do) {
    const grid_shape shape(2, 1, 3, 4);
    std::size_t n = 0;
    for (std::size_t i = 0; i < 2; ++i) {
        for (std::size_t k = 0; k < 3; ++k) {
            for (std::size_t l = 0; l < 4; ++l, ++n) {
                EXPECT_EQ(shape.index(i, 0, k, l), n);
                const auto [a, b, c, d] = shape.indices(n);
                EXPECT_EQ((std::array{a, b, c, d}), (std::array<std::size_t, 4>{i, 0, k, l}));
                EXPECT_EQ(shape.index(shape.indices(n)), n);
            }
        }
    }
    EXPECT_EQ(n, shape.size());
}

TEST(grid_shape, takes_integers_of_any_type) {
    EXPECT_EQ(grid_shape(std::uint8_t{200}, 3L, 7U).size(), 4200U);
    const grid_shape line(7);
    EXPECT_EQ(line.size(), 7U);
    EXPECT_EQ(line.index(5), 5U);
    EXPECT_EQ(line.indices(5), (std::array<std::size_t, 1>{5}));
}

TEST(grid_shape, is_that_of_a_grid) {
    std::vector<double> xs(3);
    const std::list<std::string> names(4);
    const auto g = grid(xs, names, mpimap::indices(10, 15));
    const grid_shape shape(g);
    EXPECT_EQ(shape, grid_shape(3, 4, 5));
    xs.push_back(0);
    EXPECT_EQ(grid_shape(g), grid_shape(4, 4, 5));
    EXPECT_EQ(grid_shape(grid(std::vector<int>(6))).size(), 6U);
}

TEST(grid_shape, without_values_on_an_axis_has_no_points) {
    for (const auto& shape : {grid_shape(0, 4, 5), grid_shape(3, 0, 5), grid_shape(3, 4, 0)}) {
        EXPECT_EQ(shape.size(), 0U);
        EXPECT_THROW((void)shape.indices(0), invalid_argument);
        EXPECT_THROW((void)shape.index(0, 0, 0), invalid_argument);
    }
    EXPECT_EQ(grid_shape(most, most, 0).size(), 0U);
    EXPECT_EQ(grid_shape(0, most, most).size(), 0U);
}

TEST(grid_shape, of_more_points_than_can_be_counted_is_refused) {
    constexpr std::size_t half = std::size_t{1} << 32U;
    EXPECT_EQ(grid_shape(half, half - 1).size(), most - half + 1);
    EXPECT_EQ(grid_shape(most).size(), most);
    EXPECT_EQ(grid_shape(most).indices(most - 1)[0], most - 1);
    EXPECT_EQ(grid_shape(3, most / 3).size(), most); // 2^64 - 1 is a multiple of 3
    EXPECT_EQ(grid_shape(3, most / 3).indices(most - 1), (std::array<std::size_t, 2>{2, most / 3 - 1}));
    EXPECT_EQ(
        refusal([] { (void)grid_shape(half, half); }),
        "mpimap: a grid of 4294967296 x 4294967296 has more points than can be counted: map over a part "
        "of an axis at a time");
    EXPECT_THROW((void)grid_shape(3, most / 3 + 1), invalid_argument);
    EXPECT_THROW((void)grid_shape(most, 1, 2), invalid_argument);
    const auto huge = grid(mpimap::indices(half), std::vector<int>(2), mpimap::indices(half));
    EXPECT_NE(refusal([&] { (void)grid_shape(huge); }).find("4294967296 x 2 x 4294967296"),
              std::string::npos);
}

TEST(grid_shape, refuses_what_makes_no_sense) {
    const grid_shape shape(3, 4);
    EXPECT_EQ(refusal([&] { (void)shape.indices(12); }),
              "mpimap: grid_shape::indices: there is no item 12 in a grid of 12 points");
    EXPECT_EQ(refusal([&] { (void)shape.index(2, 4); }),
              "mpimap: grid_shape::index: there is no point (2, 4) in a grid of 3 x 4");
    EXPECT_THROW((void)shape.index(3, 0), invalid_argument);
    EXPECT_THROW((void)shape.index(-1, 0), invalid_argument);
    EXPECT_EQ(refusal([] { (void)grid_shape(3, -1); }), "mpimap: grid_shape: a length is negative");
    EXPECT_NE(refusal([] { (void)grid_shape(grid(mpimap::indices())); }).find("has no end"),
              std::string::npos);
}
