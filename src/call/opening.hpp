#pragma once

// What a rank must have of a pool's call before its first chunk: the parts that it has not got, the bounds,
// and the kernel that is to be made of them.

#include <cstddef>
#include <memory>
#include <vector>

#include <mpimap/detail/buffer.hpp>
#include <mpimap/detail/job.hpp>
#include <mpimap/detail/kernel_descriptor.hpp>

#include "call/part_store.hpp"
#include "wire/transport.hpp"

namespace mpimap::detail {

class opening {
  public:
    /// How ranks are to run the items.
    struct manner {
        const kernel_descriptor* descriptor = nullptr;
        bool stop_at_failure = false; // items behind one that throws are not run
        bool fresh_function = false;  // a copy of the function's own for each chunk
        bool outlives_caller = false; // what the job refers to may be gone before all has left
    };
    /// Encodes the job's function and constants, and gives the job its own copy of the function. Runs code of
    /// the user's.
    opening(part_store& store, root_job& job, call_number number, const manner& how);

    /// Sends it to the rank, once; and large parts to as many `others` as may soon need them.
    void introduce(std::size_t rank, std::size_t others, transport& messages);
    /// Ranks that have been sent it.
    [[nodiscard]] const std::vector<std::size_t>& ranks() const noexcept { return ranks_; }
    /// Whether none of the job's memory is on its way to a rank.
    [[nodiscard]] bool has_left() const;
    /// Nobody will be sent it. With `drop`, what nobody else uses is to be sent anew when it is used next:
    /// some rank could make nothing of it.
    void close(bool drop);

  private:
    struct item {
        std::shared_ptr<stored_part> part;
        std::shared_ptr<const writer> encoded; // null where all ranks have it
    };
    part_store& store_;
    call_number number_;
    buffer bytes_;
    std::vector<item> parts_;
    std::vector<std::size_t> ranks_;
    std::vector<bool> introduced_; // by rank
};

} // namespace mpimap::detail
