#pragma once

// What the owner of a call has sent of its chunks that are out, by which one that comes back can go to
// another rank without being encoded again. In memory, without MPI and clocks.

#include <cstddef>
#include <memory>
#include <vector>

#include <mpimap/codec.hpp>
#include <mpimap/detail/job.hpp>

#include "fifo.hpp"

namespace mpimap::detail {

class kept_chunks {
  public:
    /// All of it together takes no more: what is beyond is not kept.
    static constexpr std::size_t most_bytes = std::size_t{64} * 1024 * 1024;

    /// Encoded arguments of items, behind those of `skipped` others.
    struct encoding {
        std::size_t skipped = 0;
        std::shared_ptr<const writer> content = {}; // null: to be encoded again
    };

    explicit kept_chunks(std::size_t ranks) : ranks_(ranks) {}

    /// The rank is sent a chunk. What is sent from where it is, in spans, would have to stay there: it is not
    /// kept. What is kept is shared with the message from now on.
    void sent(std::size_t rank, item_range items, std::size_t skipped, outgoing& message);
    /// It has no more to say of the oldest one that it has.
    void finished(std::size_t rank);
    /// It gives a chunk back, or the end of one, of which nothing is kept any more.
    [[nodiscard]] encoding returned(std::size_t rank, item_range items);

    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  private:
    struct chunk {
        item_range items;
        encoding kept;
    };
    encoding take(chunk& c) noexcept;

    std::vector<fifo<chunk>> ranks_; // those that each has, in order
    std::size_t bytes_ = 0;
};

} // namespace mpimap::detail
