#include "schedule/work_queue.hpp"

#include <algorithm>

namespace mpimap::detail {

item_range work_queue::next(std::size_t rank, const measurements& m) {
    if (cleared_)
        return {};
    if (!returned_.empty()) {
        item_range& rest = returned_.front();
        const item_range part{rest.first, fresh_->portion(rest.count, m)};
        rest = {part.end(), rest.count - part.count};
        if (rest.count == 0)
            returned_.pop_front();
        return part;
    }
    if (!retries_.empty()) {
        if (const auto failed = retry_for(rank); failed != retries_.end()) {
            const item_range once_more{failed->item, 1};
            retries_.erase(failed);
            return once_more;
        }
    }
    const item_range chunk = fresh_->next(rank, m);
    left_ -= chunk.count;
    return chunk;
}

std::deque<work_queue::failed_item>::const_iterator work_queue::retry_for(std::size_t rank) const {
    if (rank == anyone)
        return retries_.end();
    return std::find_if(retries_.begin(), retries_.end(), [rank](const failed_item& f) {
        return std::find(f.not_by.begin(), f.not_by.end(), rank) == f.not_by.end();
    });
}

item_range work_queue::next_for_nobody_but(std::size_t rank) {
    for (auto at = retries_.begin(); at != retries_.end(); ++at) {
        const bool here = std::find(at->not_by.begin(), at->not_by.end(), rank) == at->not_by.end();
        if (here && at->not_by.size() + 1 == ranks_) {
            const item_range once_more{at->item, 1};
            retries_.erase(at);
            return once_more;
        }
    }
    return {};
}

std::vector<std::size_t> work_queue::retries() const {
    std::vector<std::size_t> items;
    for (const failed_item& f : retries_)
        items.push_back(f.item);
    return items;
}

void work_queue::give_back(item_range items) {
    if (items.count != 0 && !cleared_)
        returned_.push_back(items);
}

void work_queue::clear() {
    cleared_ = true;
    retries_.clear();
}

} // namespace mpimap::detail
