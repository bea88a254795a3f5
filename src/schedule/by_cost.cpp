#include "schedule/schedule.hpp"

namespace mpimap::detail {

by_cost::by_cost(const std::vector<double>& costs, std::size_t ranks, std::optional<std::size_t> chunk)
    : chunks_(chunks_by_cost(costs, ranks, chunk)), items_left_(costs.size()) {}

item_range by_cost::next(std::size_t, const measurements&) {
    if (empty())
        return {};
    const item_range chunk = chunks_[next_++];
    items_left_ -= chunk.count;
    return chunk;
}

} // namespace mpimap::detail
