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
        : index_(index), rank_(rank), size_(size) {
        if (seed)
            key_ = detail::random_key{*seed};
    }
    /// Made by the library.
    task(std::size_t index, int rank, int size, const std::optional<detail::random_key>& key)
        : index_(index), rank_(rank), size_(size), key_(key) {}
    /// The same with another index; made by the library.
    task(const task& other, std::size_t index) : task(other) { index_ = index; }

    /// The item's index in the input; of what `submit` runs, its number among all submissions of the pool.
    [[nodiscard]] std::size_t index() const noexcept { return index_; }
    /// The rank on which it runs, in the communicator of the call.
    [[nodiscard]] int rank() const noexcept { return rank_; }
    /// The number of ranks of that communicator.
    [[nodiscard]] int size() const noexcept { return size_; }
    /// A random engine of the item's own: at the beginning of its stream, each time. The numbers depend on
    /// the seed, the call, the index and `substream`, which tells apart what an item needs several streams
    /// for; not on rank, number of ranks, schedule, chunk or attempt.
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
        return {*key_, index_, substream};
    }

  private:
    std::size_t index_;
    int rank_;
    int size_;
    std::optional<detail::random_key> key_;
};

} // namespace mpimap
