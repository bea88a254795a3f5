#pragma once

// What an item knows of itself.

#include <cstddef>
#include <cstdint>
#include <optional>

#include <mpimap/random.hpp>

namespace mpimap {

/// What an item may ask about itself: taken as the first parameter, `f(mpimap::task t, double x)`.
class task {
  public:
    task(std::size_t index, int rank, int size, const std::optional<std::uint64_t>& seed = {})
        : index_(index), number_(index), rank_(rank), size_(size) {
        if (seed)
            key_ = detail::random_key{*seed};
    }
    /// Made by the library.
    task(std::size_t index, int rank, int size, const std::optional<detail::random_key>& key)
        : index_(index), number_(index), rank_(rank), size_(size), key_(key) {}
    /// The same item, known to random streams by another number; made by the library.
    task(const task& other, std::uint64_t number) : task(other) { number_ = number; }

    /// The item's index in the input; of what `submit` runs, its number among those of the same function.
    [[nodiscard]] std::size_t index() const noexcept { return index_; }
    /// The rank on which it runs, in the communicator of the call.
    [[nodiscard]] int rank() const noexcept { return rank_; }
    /// The number of ranks of that communicator.
    [[nodiscard]] int size() const noexcept { return size_; }
    /// A random engine of the item's own: at the beginning of its stream, each time. The numbers depend on
    /// the seed, the call, the index (of what `submit` runs: its number among all submissions of the pool)
    /// and `substream`, which tells apart what an item needs several streams for; not on rank, number of
    /// ranks, schedule, chunk or attempt.
    ///
    /// Throws invalid_argument where the call has no options::seed, or the pool that runs a submission no
    /// pool_options::seed.
    ///
    ///     double walk(mpimap::task t, double x) {
    ///         auto rng = t.random();
    ///         return x + std::normal_distribution<double>()(rng);
    ///     }
    [[nodiscard]] random_engine random(std::uint64_t substream = 0) const {
        if (!key_)
            detail::throw_no_seed();
        return {*key_, number_, substream};
    }

  private:
    std::size_t index_;
    std::uint64_t number_; // by which its random streams are chosen
    int rank_;
    int size_;
    std::optional<detail::random_key> key_;
};

} // namespace mpimap
