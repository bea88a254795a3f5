#pragma once

// Large results on their way from a rank to the owner. What the owner has not taken is no longer in the cache
// when it does, and is memory that the next results could use.

#include <cstddef>
#include <memory>
#include <vector>

namespace mpimap::detail {

class backlog {
  public:
    /// What the message keeps alive until it has left.
    void sent(std::weak_ptr<const void> message) { under_way_.push_back(std::move(message)); }

    /// Whether the rank should wait, and look for messages, before it computes more: while there are more
    /// than one that goes and one that comes next, and the owner takes them. `moved`: whether any message
    /// has, since this was asked last. An owner that lets a millisecond pass without is not waited for again
    /// before it has taken one.
    [[nodiscard]] bool is_to_shrink(bool moved, double now);

  private:
    std::vector<std::weak_ptr<const void>> under_way_;
    bool waits_ = false;
    bool gave_up_ = false;
    double moved_at_ = 0; // while it waits
};

} // namespace mpimap::detail
