#include <algorithm>

#include "schedule/schedule.hpp"

namespace mpimap::detail {

slices::slices(std::size_t items, std::size_t ranks, std::size_t bytes_per_item, std::size_t granularity)
    : items_(items), bytes_per_item_(bytes_per_item), granularity_(granularity) {
    for (std::size_t r = 0; r < ranks; ++r)
        left_.push_back(static_slice(items, ranks, r, granularity));
}

item_range slices::next(std::size_t rank, const measurements& m) {
    item_range& slice = left_[rank];
    if (slice.count == 0)
        return {};
    const std::size_t whole = static_slice(items_, left_.size(), rank, granularity_).count;
    const std::size_t bytes =
        std::max(bytes_per_item_, static_cast<std::size_t>(m.argument_bytes + m.result_bytes));
    const item_range block{slice.first, std::min(slice.count, transfer_block(whole, bytes, granularity_))};
    slice.first += block.count;
    slice.count -= block.count;
    return block;
}

blocks::blocks(std::size_t items, std::size_t ranks, std::size_t chunk)
    : items_(items), chunk_(chunk), dealt_(ranks) {}

item_range blocks::next(std::size_t rank, const measurements&) {
    if (empty(rank))
        return {};
    const std::size_t first = (dealt_[rank]++ * dealt_.size() + rank) * chunk_;
    return {first, std::min(chunk_, items_ - first)};
}

bool blocks::empty(std::size_t rank) const {
    return items_ == 0 || dealt_[rank] * dealt_.size() + rank >= (items_ - 1) / chunk_ + 1;
}

} // namespace mpimap::detail
