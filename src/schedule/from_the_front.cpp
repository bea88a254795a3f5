#include <algorithm>

#include "schedule/schedule.hpp"

namespace mpimap::detail {

item_range from_the_front::next(std::size_t, const measurements& m) {
    request_.remaining = remaining();
    return request_.remaining == 0 ? item_range{} : take(size(m));
}

item_range from_the_front::take(std::size_t n) {
    if (!request_.chunk)
        n = aligned_chunk(next_, n, request_.granularity);
    if (!withdrawn_.empty())
        n = std::min(n, *withdrawn_.begin() - next_);
    const item_range chunk{next_, n};
    next_ += n;
    skip_withdrawn();
    return chunk;
}

void from_the_front::extend(std::size_t n) {
    request_.items += n;
    request_.grows = true;
    end_ += n;
}

bool from_the_front::withdraw(std::size_t item) {
    if (item < next_ || item >= request_.items || !withdrawn_.insert(item).second)
        return false;
    skip_withdrawn();
    return true;
}

void from_the_front::skip_withdrawn() {
    for (; !withdrawn_.empty() && *withdrawn_.begin() == next_; ++next_)
        withdrawn_.erase(withdrawn_.begin());
}

std::size_t factoring::size(const measurements&) {
    if (chunks_in_round_ == 0)
        left_at_round_ = request_.remaining;
    chunks_in_round_ = (chunks_in_round_ + 1) % request_.ranks;
    return factoring_chunk(request_, left_at_round_);
}

} // namespace mpimap::detail
