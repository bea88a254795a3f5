#include "schedule/schedule.hpp"

namespace mpimap::detail {

by_cost::by_cost(const std::vector<double>& costs, std::size_t ranks, std::optional<std::size_t> chunk)
    : chunks_(chunks_by_cost(costs, ranks, chunk)) {
    before_.reserve(costs.size() + 1);
    before_.push_back(0);
    for (const double c : costs)
        before_.push_back(before_.back() + c);
}

item_range by_cost::next(std::size_t rank, const measurements&) {
    return empty(rank) ? item_range{} : chunks_[next_++];
}

void by_cost::note(item_range items, double seconds) {
    cost_done_ += cost(items);
    seconds_done_ += seconds;
}

double by_cost::expected() const {
    if (next_ == chunks_.size() || !(cost_done_ > 0))
        return 0;
    return cost(chunks_[next_]) * (seconds_done_ / cost_done_);
}

} // namespace mpimap::detail
