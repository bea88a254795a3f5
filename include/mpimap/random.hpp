#pragma once

// Random numbers that belong to an item: the same on whatever rank, in whatever chunk or attempt it runs.

#include <array>
#include <cstdint>

#include <mpimap/detail/random_key.hpp>

namespace mpimap {

namespace detail {

using philox_counter = std::array<std::uint64_t, 4>;
using philox_key = std::array<std::uint64_t, 2>;

/// Philox4x64-10: four random words for each counter, other ones for each key.
[[nodiscard]] philox_counter philox4x64_10(const philox_counter& counter, const philox_key& key) noexcept;

} // namespace detail

/// A stream of random 64-bit words that is chosen by numbers: a standard uniform random bit generator, for
/// the distributions of the standard library, of Boost.Random and others.
///
///     mpimap::random_engine rng(42, i); // the stream of item i
///     const double x = std::normal_distribution<double>()(rng);
///
/// Streams with the same seed and `stream` never overlap: each has 2^64 words of its own, and neighbours are
/// as independent as any others. Those of another seed or `stream` are permuted differently. An item that
/// takes a mpimap::task has its streams from task::random(), whose calls have each their own `stream`.
///
/// To make one costs a few nanoseconds, and no memory or state is shared: there may be one for each item. A
/// value of 72 bytes, which may be an argument or a result. The numbers are the same on every machine.
///
/// Source: Philox4x64-10 of J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as
/// easy as 1, 2, 3", SC11 (2011), with the key (seed, stream) and the counter (words / 4, substream, index,
/// 0).
class random_engine {
  public:
    using result_type = std::uint64_t;

    random_engine(std::uint64_t seed, std::uint64_t index, std::uint64_t stream = 0) noexcept
        : random_engine(detail::random_key{seed, stream}, index, 0) {}
    /// Made by the library: see task::random().
    random_engine(const detail::random_key& key, std::uint64_t index, std::uint64_t substream) noexcept
        : key_{key.seed, key.stream}, index_(index), substream_(substream) {}

    [[nodiscard]] static constexpr result_type min() noexcept { return 0; }
    [[nodiscard]] static constexpr result_type max() noexcept { return ~result_type{0}; }

    /// The next word of the stream.
    result_type operator()() noexcept {
        if (drawn_ % block_size == 0)
            make_block();
        return block_[drawn_++ % block_size];
    }
    /// Leaves so many words out, at once.
    void discard(std::uint64_t words) noexcept {
        drawn_ += words;
        if (drawn_ % block_size != 0)
            make_block();
    }
    /// Whether both will give the same words.
    [[nodiscard]] friend bool operator==(const random_engine& a, const random_engine& b) noexcept {
        return a.key_ == b.key_ && a.index_ == b.index_ && a.substream_ == b.substream_ &&
               a.drawn_ == b.drawn_;
    }

  private:
    static constexpr std::uint64_t block_size = 4;
    /// Of the next word: made when that is the first of it, or when what is before it was left out.
    void make_block() noexcept;

    detail::philox_key key_;
    std::uint64_t index_;
    std::uint64_t substream_;
    std::uint64_t drawn_ = 0;
    detail::philox_counter block_ = {};
};

} // namespace mpimap
