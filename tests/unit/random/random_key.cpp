// Which calls have which random streams.

#include <mpimap/detail/random_key.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <mpimap/errors.hpp>

namespace {

using mpimap::detail::random_key;
using mpimap::detail::random_key_of;

std::uint64_t stream_of(const std::string& name, std::uint64_t ordinal) {
    const auto key = random_key_of(42, name, ordinal);
    return key.value().stream;
}

} // namespace

TEST(random_key, is_there_with_a_seed_only) {
    EXPECT_FALSE(random_key_of({}, "", 1));
    EXPECT_FALSE(random_key_of({}, "name", 1));
    EXPECT_FALSE(random_key_of({}, "", 0));
    EXPECT_EQ(random_key_of(0, "", 1).value().seed, 0U);
    EXPECT_EQ(random_key_of(42, "", 1).value().seed, 42U);
}

TEST(random_key, is_another_for_each_call_and_name) {
    std::set<std::uint64_t> all;
    std::size_t n = 0;
    for (std::uint64_t ordinal = 1; ordinal <= 10'000; ++ordinal, n += 2) {
        all.insert(stream_of("", ordinal));
        all.insert(stream_of(std::to_string(ordinal), 1));
    }
    EXPECT_EQ(all.size(), n);
    EXPECT_FALSE(all.contains(0)); // of engines that programs make themselves
}

TEST(random_key, of_a_call_with_a_name_is_the_same_whenever_it_is_made) {
    for (const std::uint64_t ordinal : {0U, 1U, 2U, 1000U})
        EXPECT_EQ(stream_of("burn-in", ordinal), stream_of("burn-in", 1));
}

// Published results hang on these.
TEST(random_key, stays_as_it_is) {
    EXPECT_EQ(stream_of("", 1), 5604079703740606211U);
    EXPECT_EQ(stream_of("", 2), 17540667245208599968U);
    EXPECT_EQ(stream_of("burn-in", 1), 454841661839744214U);
}

TEST(random_key, of_a_call_in_an_item_wants_a_name) {
    try {
        (void)random_key_of(42, "", 0);
        ADD_FAILURE() << "no exception";
    } catch (const mpimap::invalid_argument& e) {
        EXPECT_NE(std::string(e.what()).find("options::stream"), std::string::npos) << e.what();
    }
}
