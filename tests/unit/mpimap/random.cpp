// random_engine: the published numbers, the layout of key and counter, what it is to be used with, and what
// its streams have to do with one another.

#include <mpimap/random.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include <boost/random/normal_distribution.hpp>
#include <boost/random/poisson_distribution.hpp>
#include <boost/random/uniform_int_distribution.hpp>
#include <gtest/gtest.h>

#include <mpimap/codec.hpp>
#include <mpimap/errors.hpp>
#include <mpimap/task.hpp>

#include "unit/mpimap/round_trip.hpp"

namespace {

using mpimap::random_engine;
using mpimap::detail::philox4x64_10;
using mpimap::detail::philox_counter;
using mpimap::detail::philox_key;
using mpimap::detail::random_key;
using mpimap::detail::random_key_of;
using word = std::uint64_t;

static_assert(std::uniform_random_bit_generator<random_engine>);
static_assert(std::is_same_v<random_engine::result_type, word>);
static_assert(random_engine::min() == 0 && random_engine::max() == std::numeric_limits<word>::max());
static_assert(std::is_trivially_copyable_v<random_engine>);
static_assert(std::has_unique_object_representations_v<random_engine>); // no padding: equal bytes
static_assert(mpimap::encoding_of<random_engine> == mpimap::encoding::bytes);

std::vector<word> draw(random_engine rng, std::size_t n) {
    std::vector<word> all(n);
    for (word& w : all)
        w = rng();
    return all;
}

} // namespace

// ---------------------------------------------------------------- the numbers

// The lines of Random123's kat_vectors for philox4x64 with 10 rounds.
TEST(philox, gives_the_published_numbers) {
    constexpr word ones = ~word{0};
    EXPECT_EQ(philox4x64_10({0, 0, 0, 0}, {0, 0}), (philox_counter{0x16554d9eca36314c, 0xdb20fe9d672d0fdc,
                                                                   0xd7e772cee186176b, 0x7e68b68aec7ba23b}));
    EXPECT_EQ(
        philox4x64_10({ones, ones, ones, ones}, {ones, ones}),
        (philox_counter{0x87b092c3013fe90b, 0x438c3c67be8d0224, 0x9cc7d7c69cd777b6, 0xa09caebf594f0ba0}));
    EXPECT_EQ(
        philox4x64_10({0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89},
                      {0x452821e638d01377, 0xbe5466cf34e90c6c}),
        (philox_counter{0xa528f45403e61d95, 0x38c72dbd566e9788, 0xa5a1610e72fd18b5, 0x57bd43b5e52b7fe6}));
}

TEST(random_engine, counts_draws_substream_and_index_under_the_key_of_seed_and_stream) {
    const word seed = 42;
    const word index = 17;
    const word stream = 5;
    const word substream = 3;
    const auto expect = [](const random_engine& rng, word sub, word item, const philox_key& key) {
        std::vector<word> blocks;
        for (word block = 0; block < 3; ++block) {
            for (const word w : philox4x64_10({block, sub, item, 0}, key))
                blocks.push_back(w);
        }
        EXPECT_EQ(draw(rng, blocks.size()), blocks);
    };
    expect({seed, index}, 0, index, {seed, 0});
    expect({seed, index, stream}, 0, index, {seed, stream});
    expect({random_key{seed, stream}, index, substream}, substream, index, {seed, stream});
    EXPECT_EQ(random_engine(0, 0)(), 0x16554d9eca36314c);
}

#ifdef __cpp_lib_philox_engine
TEST(random_engine, is_the_one_of_the_standard_library) {
    std::philox4x64 theirs(42);
    theirs.set_counter({0, 17, 0, 0}); // the highest word first
    random_engine ours(42, 17);
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(ours(), theirs());
}
#endif

// ---------------------------------------------------------------- the engine

TEST(random_engine, leaves_out_what_is_discarded) {
    const std::vector<word> all = draw({42, 17}, 64);
    for (std::size_t before = 0; before < 9; ++before) {
        for (std::size_t left_out = 0; left_out < 23; ++left_out) {
            random_engine rng(42, 17);
            rng.discard(before);
            for (std::size_t i = before; i < 11; ++i)
                EXPECT_EQ(rng(), all[i]);
            rng.discard(left_out);
            EXPECT_EQ(draw(rng, 20),
                      std::vector<word>(all.begin() + 11 + static_cast<std::ptrdiff_t>(left_out),
                                        all.begin() + 31 + static_cast<std::ptrdiff_t>(left_out)));
        }
    }
    random_engine far(42, 17);
    far.discard(word{1} << 62U);
    far.discard((word{1} << 62U) + 1);
    EXPECT_EQ(far(), philox4x64_10({word{1} << 61U, 0, 17, 0}, {42, 0})[1]);
}

TEST(random_engine, is_equal_to_one_that_gives_the_same_words) {
    random_engine a(42, 17, 5);
    random_engine b(42, 17, 5);
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(a, b);
        (void)a();
        EXPECT_NE(a, b);
        b.discard(1);
    }
    const random_key key{42, 5};
    const random_engine one(key, 17, 3);
    EXPECT_NE(one, random_engine({43, 5}, 17, 3));
    EXPECT_NE(one, random_engine({42, 6}, 17, 3));
    EXPECT_NE(one, random_engine(key, 18, 3));
    EXPECT_NE(one, random_engine(key, 17, 4));
}

TEST(random_engine, travels_with_its_place_in_the_stream) {
    random_engine rng(42, 17, 5);
    rng.discard(6);
    random_engine there = wire::round_trip(rng);
    EXPECT_EQ(there, rng);
    EXPECT_EQ(draw(there, 10), draw(rng, 10));
}

TEST(random_engine, goes_with_the_distributions_of_the_standard_library) {
    random_engine rng(42, 0);
    constexpr int n = 100'000;
    double sum = 0;
    double squares = 0;
    int heads = 0;
    std::normal_distribution<double> normal;
    std::uniform_int_distribution<int> coin(0, 1);
    for (int i = 0; i < n; ++i) {
        const double x = normal(rng);
        sum += x;
        squares += x * x;
        heads += coin(rng);
    }
    EXPECT_NEAR(sum / n, 0, 4 / std::sqrt(n));
    EXPECT_NEAR(squares / n, 1, 4 * std::sqrt(2.0 / n));
    EXPECT_NEAR(heads, n / 2, 4 * std::sqrt(n / 4.0));
    std::vector<int> cards(52);
    for (std::size_t i = 0; i < cards.size(); ++i)
        cards[i] = static_cast<int>(i);
    std::shuffle(cards.begin(), cards.end(), rng);
    EXPECT_EQ(std::set<int>(cards.begin(), cards.end()).size(), 52U);
}

// Boost's distributions are the same on every machine, and so are these numbers.
TEST(random_engine, goes_with_the_distributions_of_boost) {
    random_engine rng(42, 0);
    constexpr int n = 100'000;
    double sum = 0;
    double squares = 0;
    double events = 0;
    boost::random::normal_distribution<double> normal;
    boost::random::poisson_distribution<int> poisson(3);
    for (int i = 0; i < n; ++i) {
        const double x = normal(rng);
        sum += x;
        squares += x * x;
        events += poisson(rng);
    }
    EXPECT_NEAR(sum / n, 0, 4 / std::sqrt(n));
    EXPECT_NEAR(squares / n, 1, 4 * std::sqrt(2.0 / n));
    EXPECT_NEAR(events / n, 3, 4 * std::sqrt(3.0 / n));
    random_engine dice(42, 17);
    std::string thrown;
    for (int i = 0; i < 20; ++i)
        thrown += std::to_string(boost::random::uniform_int_distribution<int>(1, 6)(dice));
    EXPECT_EQ(thrown, "56235356635164366646");
}

// ---------------------------------------------------------------- tasks

TEST(task, gives_the_same_engine_each_time) {
    const mpimap::task t(17, 1, 3, 42);
    EXPECT_EQ(t.random(), random_engine(42, 17));
    EXPECT_EQ(t.random(), t.random());
    EXPECT_EQ(t.random(3), random_engine(random_key{42, 0}, 17, 3));
    EXPECT_EQ(mpimap::task(17, 0, 1, random_key{42, 5}).random(), random_engine(42, 17, 5));
}

TEST(task, without_a_seed_says_how_to_give_one) {
    const mpimap::task t(17, 1, 3);
    try {
        (void)t.random();
        ADD_FAILURE() << "no exception";
    } catch (const mpimap::invalid_argument& e) {
        EXPECT_NE(std::string(e.what()).find(".seed = 42"), std::string::npos) << e.what();
    }
}

// ---------------------------------------------------------------- streams beside each other

namespace {

/// Words of many streams, those of the first draw ahead of those of the second.
template <typename Stream>
std::vector<word> interleaved(std::size_t streams, std::size_t draws, const Stream& stream) {
    std::vector<random_engine> engines;
    for (std::size_t s = 0; s < streams; ++s)
        engines.push_back(stream(s));
    std::vector<word> all;
    for (std::size_t d = 0; d < draws; ++d) {
        for (random_engine& rng : engines)
            all.push_back(rng());
    }
    return all;
}

/// How far the counts are from uniform, in standard deviations.
double chi_square(const std::vector<double>& counts, double expected) {
    double sum = 0;
    for (const double c : counts)
        sum += (c - expected) * (c - expected) / expected;
    const double freedom = static_cast<double>(counts.size()) - 1;
    return (sum - freedom) / std::sqrt(2 * freedom);
}
/// Of the values of all bytes.
double bytes_chi_square(const std::vector<word>& words) {
    std::vector<double> counts(256);
    for (const word w : words) {
        for (unsigned shift = 0; shift < 64; shift += 8)
            ++counts[w >> shift & 255U];
    }
    return chi_square(counts, static_cast<double>(words.size()) * 8 / 256);
}
/// Of pairs of neighbours: the upper, and the lower, four bits of both.
double pairs_chi_square(const std::vector<word>& words, unsigned shift) {
    std::vector<double> counts(256);
    for (std::size_t i = 0; i + 1 < words.size(); i += 2)
        ++counts[(words[i] >> shift & 15U) << 4U | (words[i + 1] >> shift & 15U)];
    return chi_square(counts, static_cast<double>(words.size() / 2) / 256);
}
/// The correlation of words that are so far apart, in standard deviations.
double serial_correlation(const std::vector<word>& words, std::size_t lag) {
    double sum = 0;
    const auto centred = [](word w) { return std::ldexp(static_cast<double>(w), -64) - 0.5; };
    for (std::size_t i = lag; i < words.size(); ++i)
        sum += centred(words[i - lag]) * centred(words[i]);
    return sum * 12 / std::sqrt(static_cast<double>(words.size() - lag));
}
/// How many bits differ between neighbours: the mean, in standard deviations.
double flipped_bits(const std::vector<word>& words) {
    double sum = 0;
    for (std::size_t i = 1; i < words.size(); ++i)
        sum += std::popcount(words[i - 1] ^ words[i]) - 32;
    return sum / (4 * std::sqrt(static_cast<double>(words.size() - 1)));
}
/// The variance of the sum of each draw's words over `streams` neighbours, and over the draws of each stream,
/// beside that of independent ones, in standard deviations.
double variance_of_sums(const std::vector<word>& words, std::size_t streams, bool of_streams) {
    const std::size_t draws = words.size() / streams;
    const std::size_t sums = of_streams ? streams : draws;
    const std::size_t each = of_streams ? draws : streams;
    double squares = 0;
    for (std::size_t k = 0; k < sums; ++k) {
        double sum = 0;
        for (std::size_t i = 0; i < each; ++i) {
            const word w = of_streams ? words[i * streams + k] : words[k * streams + i];
            sum += std::ldexp(static_cast<double>(w), -64) - 0.5;
        }
        squares += sum * sum;
    }
    const double ratio = squares / static_cast<double>(sums) / (static_cast<double>(each) / 12);
    return (ratio - 1) / std::sqrt(2 / static_cast<double>(sums));
}

constexpr std::size_t streams = 2048;
constexpr std::size_t draws = 256;

/// The largest of all of these: nothing here is left to chance, so that what holds once holds always.
double worst(const std::vector<word>& words) {
    double most = 0;
    const auto look = [&most](double deviations) { most = std::max(most, std::abs(deviations)); };
    look(bytes_chi_square(words));
    for (const unsigned shift : {60U, 30U, 0U})
        look(pairs_chi_square(words, shift));
    for (const std::size_t lag : {std::size_t{1}, std::size_t{2}, streams - 1, streams, streams + 1})
        look(serial_correlation(words, lag));
    look(flipped_bits(words));
    look(variance_of_sums(words, streams, true));
    look(variance_of_sums(words, streams, false));
    return most;
}
constexpr double bound = 4.5;

} // namespace

TEST(streams, of_neighbouring_items_are_independent) {
    EXPECT_LT(worst(interleaved(streams, draws, [](word i) { return random_engine(42, i); })), bound);
}
TEST(streams, of_neighbouring_substreams_are_independent) {
    const random_key key{42, 0};
    EXPECT_LT(worst(interleaved(streams, draws, [&](word s) { return random_engine(key, 17, s); })), bound);
}
TEST(streams, of_neighbouring_calls_are_independent) {
    EXPECT_LT(
        worst(interleaved(streams, draws,
                          [](word call) { return random_engine(*random_key_of(42, "", call + 1), 17, 0); })),
        bound);
    EXPECT_LT(worst(interleaved(streams, draws, [](word s) { return random_engine(42, 17, s); })), bound);
}
TEST(streams, of_neighbouring_seeds_are_independent) {
    EXPECT_LT(worst(interleaved(streams, draws, [](word seed) { return random_engine(seed, 17); })), bound);
}
// Seed + rank, as programs do it: item 1 of one job is item 0 of the next.
TEST(streams, of_items_and_seeds_along_a_diagonal_are_independent) {
    EXPECT_LT(worst(interleaved(streams, draws, [](word i) { return random_engine(42 + i, i); })), bound);
    EXPECT_LT(worst(interleaved(streams, draws, [](word i) { return random_engine(42 + i, streams - i); })),
              bound);
}

// The mistakes of others, which these statistics do see.
TEST(streams, that_are_not_independent_are_found) {
    const auto one_element_apart = [](word i) {
        random_engine rng(42, 0);
        rng.discard(i);
        return rng;
    };
    EXPECT_GT(worst(interleaved(streams, draws, one_element_apart)), 100);
    EXPECT_GT(worst(interleaved(streams, draws, [](word i) { return random_engine(42, i / 2); })), 100);
}

// By construction: in each of the three numbers that may differ.
TEST(streams, of_a_seed_have_no_words_in_common) {
    std::set<word> seen;
    std::size_t drawn = 0;
    for (word index = 0; index < 30; ++index) {
        for (word substream = 0; substream < 30; ++substream) {
            for (const word w : draw({random_key{42, 0}, index, substream}, 40)) {
                seen.insert(w);
                ++drawn;
            }
        }
    }
    EXPECT_EQ(seen.size(), drawn);
}
