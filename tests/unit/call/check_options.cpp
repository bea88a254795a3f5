// The checks of a call that need no types: lengths, options, room for the results, bounds of indices.

#include <mpimap/arguments.hpp>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <mpimap/detail/check_options.hpp>
#include <mpimap/options.hpp>

#include "unit/refusal.hpp"

namespace {

using mpimap::invalid_argument;
using mpimap::options;
using mpimap::schedule;
using mpimap::zip;
using mpimap::detail::check_options;
using mpimap::detail::check_output;
using mpimap::detail::zipped_size;
using mpimap_test::refusal;

using sizes = std::vector<std::optional<std::size_t>>;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

} // namespace

TEST(checks, equal_lengths) {
    EXPECT_EQ(zipped_size(sizes{5}, zip::strict), 5U);
    EXPECT_EQ(zipped_size(sizes{5, 5, 5}, zip::strict), 5U);
    EXPECT_EQ(zipped_size(sizes{0, 0}, zip::strict), 0U);
    constexpr std::size_t huge = std::numeric_limits<std::size_t>::max();
    EXPECT_EQ(zipped_size(sizes{huge, huge}, zip::strict), huge);
}

TEST(checks, arguments_without_an_end_adapt) {
    EXPECT_EQ(zipped_size(sizes{std::nullopt, 4, std::nullopt}, zip::strict), 4U);
    EXPECT_EQ(zipped_size(sizes{0, std::nullopt}, zip::strict), 0U);
    EXPECT_TRUE(contains(refusal([] { (void)zipped_size(sizes{std::nullopt}, zip::strict); }),
                         "no argument has an end"));
    EXPECT_TRUE(contains(refusal([] { (void)zipped_size(sizes{std::nullopt}, zip::shortest); }),
                         "no argument has an end"));
}

TEST(checks, unequal_lengths_are_named) {
    const std::string text = refusal([] { (void)zipped_size(sizes{10, std::nullopt, 7}, zip::strict); });
    EXPECT_TRUE(contains(text, "(10, no end, 7)")) << text;
    EXPECT_TRUE(contains(text, ".zip = zip::shortest")) << text;
    EXPECT_TRUE(contains(refusal([] { (void)zipped_size(sizes{0, 1}, zip::strict); }), "(0, 1)"));
}

TEST(checks, the_shortest_on_request) {
    EXPECT_EQ(zipped_size(sizes{10, std::nullopt, 7, 8}, zip::shortest), 7U);
    EXPECT_EQ(zipped_size(sizes{10, 0}, zip::shortest), 0U);
}

TEST(checks, the_defaults_are_good) {
    check_options(options{}, 0);
    check_options(options{}, std::numeric_limits<std::size_t>::max());
    for (const schedule s :
         {schedule::automatic, schedule::static_, schedule::dynamic, schedule::guided, schedule::factoring}) {
        options o;
        o.schedule = s;
        o.chunk = 1;
        EXPECT_NO_THROW(check_options(o, 100));
        o.chunk = std::numeric_limits<std::size_t>::max() / 2;
        EXPECT_NO_THROW(check_options(o, 100));
    }
}

TEST(checks, nonsense_chunks) {
    options o;
    o.chunk = 0;
    EXPECT_TRUE(contains(refusal([&] { check_options(o, 10); }), "options::chunk is 0"));
    o.chunk = static_cast<std::size_t>(-1);
    EXPECT_TRUE(contains(refusal([&] { check_options(o, 10); }), "options::chunk is negative"));
    o.chunk = std::numeric_limits<std::size_t>::max() / 2 + 1;
    EXPECT_TRUE(contains(refusal([&] { check_options(o, 10); }), "options::chunk"));
}

TEST(checks, values_that_no_enumerator_names) {
    options o;
    o.schedule = static_cast<schedule>(99);
    EXPECT_TRUE(contains(refusal([&] { check_options(o, 10); }), "options::schedule"));
    o = {};
    o.results = static_cast<mpimap::results>(99);
    EXPECT_TRUE(contains(refusal([&] { check_options(o, 10); }), "options::results"));
    o = {};
    o.zip = static_cast<zip>(99);
    EXPECT_TRUE(contains(refusal([&] { check_options(o, 10); }), "options::zip"));
    o = {};
    o.on_error = static_cast<mpimap::on_error>(99);
    EXPECT_TRUE(contains(refusal([&] { check_options(o, 10); }), "options::on_error"));
}

TEST(checks, item_timeout) {
    constexpr double infinite = std::numeric_limits<double>::infinity();
    options o;
    for (const double good : {0.0, 1e-9, 3600.0, infinite}) {
        o.item_timeout = std::chrono::duration<double>(good);
        EXPECT_NO_THROW(check_options(o, 10)) << good;
    }
    for (const double bad : {-1.0, -infinite, std::nan("")}) {
        o.item_timeout = std::chrono::duration<double>(bad);
        EXPECT_TRUE(contains(refusal([&] { check_options(o, 10); }), "options::item_timeout")) << bad;
    }
}

TEST(checks, costs) {
    options o;
    o.costs = {1, 2, 3};
    EXPECT_NO_THROW(check_options(o, 3));
    EXPECT_TRUE(contains(refusal([&] { check_options(o, 4); }), "3 estimates for 4 items"));
    for (const double bad : {-1.0, std::numeric_limits<double>::infinity(), std::nan("")}) {
        o.costs[1] = bad;
        EXPECT_TRUE(contains(refusal([&] { check_options(o, 3); }), "options::costs")) << bad;
    }
    o.costs = {0, 0, 0};
    for (const schedule s : {schedule::static_, schedule::guided, schedule::factoring}) {
        o.schedule = s;
        EXPECT_TRUE(contains(refusal([&] { check_options(o, 3); }), "options::costs")) << static_cast<int>(s);
    }
    o.schedule = schedule::dynamic;
    EXPECT_NO_THROW(check_options(o, 3));
}

TEST(checks, room_for_the_results) {
    EXPECT_NO_THROW(check_output(10, 10, options{}));
    EXPECT_NO_THROW(check_output(11, 10, options{}));
    const std::string text = refusal([] { check_output(9, 10, options{}); });
    EXPECT_TRUE(contains(text, "room for 9")) << text;
    EXPECT_TRUE(contains(text, "10 items")) << text;
    options o;
    o.results = mpimap::results::everywhere;
    EXPECT_TRUE(contains(refusal([&] { check_output(10, 10, o); }), "results::everywhere"));
}

TEST(checks, bounds_of_indices) {
    using mpimap::indices;
    EXPECT_EQ(mpimap::detail::index_column(indices(5)).size(), 5U);
    EXPECT_EQ(mpimap::detail::index_column(indices(3, 3)).size(), 0U);
    EXPECT_EQ(*mpimap::detail::index_column(indices(3, 9)).cursor(2), 5U);
    EXPECT_EQ(mpimap::detail::index_column(indices()).size(), std::nullopt);
    EXPECT_TRUE(contains(refusal([] { (void)indices(4, 3); }), "last is less than first"));
}
