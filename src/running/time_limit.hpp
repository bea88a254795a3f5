#pragma once

// How long the items of a run may take, by looking at them from time to time: a machine that is told the
// time, in seconds.

#include <algorithm>
#include <cstddef>
#include <optional>

namespace mpimap::detail {

class time_limit {
  public:
    explicit time_limit(double seconds) : limit_(seconds) {}

    /// How often to look, so that it is noticed within half a second.
    [[nodiscard]] double between_looks() const noexcept { return std::clamp(limit_ / 4, 1e-3, 0.2); }
    /// Which item of the run is seen to run now. Whether it has for too long: as long as it has been seen at
    /// least, and a process that stands still does not run.
    [[nodiscard]] bool is_exceeded(std::size_t position, double now) noexcept {
        constexpr double standstill = 0.5;
        if (position_ != position) {
            position_ = position;
            ran_ = 0;
        } else {
            ran_ += std::min(now - looked_, standstill);
        }
        looked_ = now;
        return ran_ > limit_;
    }

  private:
    double limit_;
    std::optional<std::size_t> position_;
    double ran_ = 0;
    double looked_ = 0;
};

} // namespace mpimap::detail
