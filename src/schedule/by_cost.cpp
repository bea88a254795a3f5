#include "schedule/schedule.hpp"

namespace mpimap::detail {

by_cost::by_cost(const std::vector<double>& costs, std::size_t ranks, std::optional<std::size_t> chunk)
    : chunks_(chunks_by_cost(costs, ranks, chunk)) {}

item_range by_cost::next(std::size_t rank, const measurements&) {
    return empty(rank) ? item_range{} : chunks_[next_++];
}

} // namespace mpimap::detail
