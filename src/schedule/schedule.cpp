#include "schedule/schedule.hpp"

namespace mpimap::detail {

void item_schedule::extend(std::size_t) {}
bool item_schedule::withdraw(std::size_t) {
    return false;
}

std::unique_ptr<item_schedule> make_schedule(const options& o, std::size_t items, std::size_t ranks,
                                             std::size_t bytes_per_item, std::size_t granularity) {
    if (o.schedule == schedule::static_) {
        if (o.chunk)
            return std::make_unique<blocks>(items, ranks, *o.chunk);
        return std::make_unique<slices>(items, ranks, bytes_per_item, granularity);
    }
    if (!o.costs.empty())
        return std::make_unique<by_cost>(o.costs, ranks, o.chunk);
    const chunk_request request{items, items, ranks, bytes_per_item, granularity, o.chunk};
    switch (o.schedule) {
    case schedule::dynamic:
        return std::make_unique<dynamic>(request);
    case schedule::guided:
        return std::make_unique<guided>(request);
    case schedule::factoring:
        return std::make_unique<factoring>(request);
    default:
        return std::make_unique<automatic>(request);
    }
}

} // namespace mpimap::detail
