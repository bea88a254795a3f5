#include "call/backlog.hpp"

namespace mpimap::detail {

bool backlog::is_to_shrink(bool moved, double now) {
    constexpr std::size_t enough = 2;
    constexpr double patience = 1e-3;
    const std::size_t taken = std::erase_if(under_way_, [](const auto& m) { return m.expired(); });
    gave_up_ = gave_up_ && taken == 0;
    if (under_way_.size() <= enough || gave_up_) {
        waits_ = false;
        return false;
    }
    if (!waits_ || moved)
        moved_at_ = now;
    gave_up_ = now - moved_at_ > patience;
    waits_ = !gave_up_;
    return waits_;
}

} // namespace mpimap::detail
