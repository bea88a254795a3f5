#include "schedule/some_items.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace mpimap::detail {

namespace {

/// Those that are not among the others, which are in order.
std::vector<index_range> without(const std::vector<index_range>& items,
                                 const std::vector<item_range>& others) {
    std::vector<index_range> rest;
    auto other = others.begin();
    for (index_range r : items) {
        while (other != others.end() && other->end() <= r.first)
            ++other;
        for (auto at = other; at != others.end() && at->first < r.last; ++at) {
            if (at->first > r.first)
                rest.push_back({r.first, at->first});
            r.first = std::max(r.first, at->end());
        }
        if (r.first < r.last)
            rest.push_back(r);
    }
    return rest;
}

} // namespace

some_items::some_items(std::unique_ptr<item_schedule> schedule, const std::vector<index_range>& items,
                       std::size_t ranks, const std::vector<item_range>& last)
    : schedule_(std::move(schedule)), rests_(schedule_->decided() ? ranks : 1), last_(rests_.size()) {
    std::size_t before = 0;
    for (const index_range& r : items) {
        ranges_.push_back({{r.first, r.last - r.first}, before});
        before += r.last - r.first;
    }
    std::size_t next = 0;
    for (const item_range& r : last) {
        for (std::size_t i = r.first; i < r.end(); ++i)
            last_[next++ % last_.size()].push(i);
    }
}

scheduled_items some_items::of(const options& o, const std::vector<index_range>& items,
                               const std::vector<item_range>& last, std::size_t ranks,
                               std::size_t bytes_per_item, std::size_t granularity) {
    const std::vector<index_range> first = without(items, last);
    options inner = o;
    inner.costs.clear();
    std::size_t count = 0;
    for (const index_range& r : first) {
        count += r.size();
        if (!o.costs.empty())
            inner.costs.insert(inner.costs.end(), o.costs.begin() + static_cast<std::ptrdiff_t>(r.first),
                               o.costs.begin() + static_cast<std::ptrdiff_t>(r.last));
    }
    std::size_t all = count;
    for (const item_range& r : last)
        all += r.count;
    return {std::make_unique<some_items>(make_schedule(inner, count, ranks, bytes_per_item, granularity),
                                         first, ranks, last),
            all};
}

item_range some_items::next(std::size_t rank, const measurements& m) {
    const std::size_t share = rank == anyone ? 0 : share_of(rank);
    fifo<item_range>& rest = rests_[share];
    if (!rest.empty())
        return rest.pop();
    item_range chunk = schedule_->empty(rank) ? item_range{} : schedule_->next(rank, m);
    if (chunk.count == 0)
        return last_[share].empty() ? item_range{} : item_range{last_[share].pop(), 1};
    auto at = std::prev(std::upper_bound(ranges_.begin(), ranges_.end(), chunk.first,
                                         [](std::size_t item, const range& r) { return item < r.before; }));
    for (; chunk.count != 0; ++at) {
        const std::size_t skip = chunk.first - at->before;
        const std::size_t count = std::min(chunk.count, at->items.count - skip);
        rest.push({at->items.first + skip, count});
        chunk = {chunk.first + count, chunk.count - count};
    }
    return rest.pop();
}

bool some_items::empty(std::size_t rank) const {
    const std::size_t share = share_of(rank);
    return rests_[share].empty() && last_[share].empty() && schedule_->empty(rank);
}

void some_items::note(item_range items, double seconds) {
    const auto behind =
        std::upper_bound(ranges_.begin(), ranges_.end(), items.first,
                         [](std::size_t item, const range& r) { return item < r.items.first; });
    if (behind == ranges_.begin() || items.first >= std::prev(behind)->items.end())
        return; // of those that come last
    const range& r = *std::prev(behind);
    schedule_->note({r.before + (items.first - r.items.first), items.count}, seconds);
}

} // namespace mpimap::detail
