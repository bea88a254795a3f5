#include <algorithm>

#include "schedule/schedule.hpp"

namespace mpimap::detail {

// Not where items are added behind the last, and where there are so few that each rank has one at once.
automatic::automatic(const chunk_request& r)
    : from_the_front(r), both_ends_(r.ranks > 1 && r.items > 2 * r.ranks),
      chunks_before_last_item_(r.ranks - 1) {}

item_range automatic::next(std::size_t, const measurements& m) {
    request_.remaining = remaining();
    if (request_.remaining == 0)
        return {};
    std::size_t n = size(m);
    if (!both_ends_ || !from_the_back())
        return take(n);
    if (!request_.chunk)
        n = aligned_chunk_before(end_, n, request_.granularity);
    end_ -= n;
    return {end_, n};
}

bool automatic::from_the_back() {
    if (end_ == request_.items)
        return chunks_before_last_item_-- == 0;
    // Less than that is chance.
    constexpr double longer = 2;
    return back_time_ > longer * front_time_;
}

void automatic::note(item_range items, double seconds) {
    if (items.count == 0)
        return;
    double& mean = items.first >= end_ ? back_time_ : front_time_;
    const double each = seconds / static_cast<double>(items.count);
    mean = mean == 0 ? each : mean + (each - mean) / 4;
}

std::size_t automatic::portion(std::size_t count, const measurements& m) {
    if (!makes_portions())
        return count;
    request_.remaining = count + remaining();
    return std::min(count, automatic_chunk(request_, m));
}

} // namespace mpimap::detail
