#include "work_queue.hpp"

#include <algorithm>

namespace mpimap::detail {

work_queue::work_queue(const options& o, std::size_t items, std::size_t ranks, std::size_t bytes_per_item,
                       std::size_t granularity)
    : how_(o.schedule), request_{items, items, ranks, bytes_per_item, granularity, o.chunk}, back_(items),
      // Not where items are added behind the last.
      both_ends_(how_ == schedule::automatic && o.costs.empty() && ranks > 1 && items > 2 * ranks),
      chunks_before_last_item_(ranks - 1), left_at_round_(items), has_costs_(!o.costs.empty()),
      left_by_cost_(items) {
    if (has_costs_)
        by_cost_ = chunks_by_cost(o.costs, ranks, o.chunk);
    if (how_ == schedule::static_) {
        if (o.chunk) {
            blocks_dealt_.resize(ranks);
        } else {
            for (std::size_t r = 0; r < ranks; ++r)
                slices_.push_back(static_slice(items, ranks, r, granularity));
        }
    }
}

item_range work_queue::next(std::size_t rank, const measurements& m) {
    if (cleared_)
        return {};
    if (!returned_.empty()) {
        item_range& rest = returned_.front();
        item_range back = rest;
        if (divides_returned()) {
            request_.remaining = rest.count + back_ - next_;
            back.count = std::min(rest.count, automatic_chunk(request_, m));
        }
        rest = {back.end(), rest.count - back.count};
        if (rest.count == 0)
            returned_.pop_front();
        return back;
    }
    if (const auto failed = retry_for(rank); failed != retries_.end()) {
        const item_range once_more{failed->item, 1};
        retries_.erase(failed);
        return once_more;
    }
    if (how_ == schedule::static_)
        return next_of_slice(rank, m);
    if (has_costs_) {
        if (next_by_cost_ == by_cost_.size())
            return {};
        const item_range chunk = by_cost_[next_by_cost_++];
        left_by_cost_ -= chunk.count;
        return chunk;
    }
    request_.remaining = back_ - next_;
    if (request_.remaining == 0)
        return {};
    std::size_t n = 0;
    switch (how_) {
    case schedule::dynamic:
        n = dynamic_chunk(request_);
        break;
    case schedule::guided:
        n = guided_chunk(request_);
        break;
    case schedule::factoring:
        if (chunks_in_round_ == 0)
            left_at_round_ = request_.remaining;
        n = factoring_chunk(request_, left_at_round_);
        chunks_in_round_ = (chunks_in_round_ + 1) % request_.ranks;
        break;
    default:
        n = automatic_chunk(request_, m);
        break;
    }
    if (both_ends_ && from_the_back()) {
        if (!request_.chunk)
            n = aligned_chunk_before(back_, n, request_.granularity);
        back_ -= n;
        return {back_, n};
    }
    if (!request_.chunk)
        n = aligned_chunk(next_, n, request_.granularity);
    if (!withdrawn_.empty())
        n = std::min(n, *withdrawn_.begin() - next_);
    const item_range chunk{next_, n};
    next_ += n;
    skip_withdrawn();
    return chunk;
}

bool work_queue::from_the_back() {
    if (back_ == request_.items)
        return chunks_before_last_item_-- == 0;
    // Less than that is chance.
    constexpr double longer = 2;
    return back_time_ > longer * front_time_;
}

void work_queue::note(item_range items, double seconds) {
    if (!both_ends_ || items.count == 0)
        return;
    double& mean = items.first >= back_ ? back_time_ : front_time_;
    const double each = seconds / static_cast<double>(items.count);
    mean = mean == 0 ? each : mean + (each - mean) / 4;
}

void work_queue::skip_withdrawn() {
    for (; !withdrawn_.empty() && *withdrawn_.begin() == next_; ++next_)
        withdrawn_.erase(withdrawn_.begin());
}

bool work_queue::withdraw(std::size_t item) {
    if (item < next_ || item >= request_.items)
        return false;
    withdrawn_.insert(item);
    skip_withdrawn();
    return true;
}

item_range work_queue::next_of_slice(std::size_t rank, const measurements& m) {
    if (request_.chunk) {
        // Block j of `chunk` items goes to rank j mod P.
        const std::size_t size = *request_.chunk;
        const std::size_t blocks = (request_.items - 1) / size + 1;
        const std::size_t block = blocks_dealt_[rank] * request_.ranks + rank;
        if (request_.items == 0 || block >= blocks)
            return {};
        ++blocks_dealt_[rank];
        const std::size_t first = block * size;
        return {first, std::min(size, request_.items - first)};
    }
    item_range& slice = slices_[rank];
    if (slice.count == 0)
        return {};
    const std::size_t whole = static_slice(request_.items, request_.ranks, rank, request_.granularity).count;
    const std::size_t bytes =
        std::max(request_.bytes_per_item, static_cast<std::size_t>(m.argument_bytes + m.result_bytes));
    const item_range block{slice.first,
                           std::min(slice.count, transfer_block(whole, bytes, request_.granularity))};
    slice.first += block.count;
    slice.count -= block.count;
    return block;
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
        if (here && at->not_by.size() + 1 == request_.ranks) {
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

std::size_t work_queue::remaining() const noexcept {
    return has_costs_ ? left_by_cost_ : back_ - next_;
}

void work_queue::clear() {
    cleared_ = true;
    retries_.clear();
}

bool work_queue::empty(std::size_t rank) const {
    if (cleared_)
        return true;
    if (!returned_.empty() || retry_for(rank) != retries_.end())
        return false;
    if (how_ == schedule::static_) {
        if (request_.chunk) {
            return request_.items == 0 ||
                   blocks_dealt_[rank] * request_.ranks + rank >= (request_.items - 1) / *request_.chunk + 1;
        }
        return slices_[rank].count == 0;
    }
    if (has_costs_)
        return next_by_cost_ == by_cost_.size();
    return next_ == back_;
}

bool work_queue::empty() const {
    if (!cleared_ && !retries_.empty())
        return false;
    for (std::size_t rank = 0; rank < request_.ranks; ++rank) {
        if (!empty(rank))
            return false;
        if (how_ != schedule::static_)
            break;
    }
    return true;
}

} // namespace mpimap::detail
