#include "watch/call_progress.hpp"

#include <algorithm>
#include <numeric>

namespace mpimap::detail {

call_progress::call_progress(std::uint64_t ordinal, std::optional<std::size_t> items, std::size_t ranks,
                             const std::vector<double>& costs, double now)
    : ordinal_(ordinal), items_(items), ranks_(ranks), begin_(now), rate_(now), cost_rate_(now) {
    if (costs.empty())
        return;
    cost_before_.reserve(costs.size() + 1);
    cost_before_.push_back(0);
    std::partial_sum(costs.begin(), costs.end(), std::back_inserter(cost_before_));
}

void call_progress::settled(const settled_items& what, double now) {
    switch (what.how) {
    case settlement::done:
        done_ += what.items.count;
        if (what.attempt == 0) { // nobody has run them: they say nothing of the rate
            before_ += what.items.count;
            cost_ += cost_of(what.items);
            cost_of_before_ += cost_of(what.items);
            return;
        }
        break;
    case settlement::failed:
        failed_ += what.items.count;
        break;
    case settlement::not_run:
        not_run_ += what.items.count;
        return;
    }
    rate_.note(now, static_cast<double>(done_ + failed_ - before_));
    cost_ += cost_of(what.items);
    cost_rate_.note(now, cost_ - cost_of_before_);
}

double call_progress::cost_of(item_range items) const {
    return items.end() < cost_before_.size() ? cost_before_[items.end()] - cost_before_[items.first] : 0;
}

progress_state call_progress::state(double now) const {
    progress_state s;
    s.call = ordinal_;
    s.done = done_;
    s.failed = failed_;
    if (items_)
        s.items = *items_ - std::min(*items_, not_run_);
    s.seconds = now - begin_;
    s.rate = rate_.per_second(now);
    s.at_work = at_work_;
    s.ranks = ranks_;
    s.over = over_;
    if (!s.items || over_)
        return s;
    if (!cost_before_.empty()) {
        const double per_second = cost_rate_.per_second(now);
        if (per_second > 0)
            s.left = std::max(0.0, cost_before_.back() - cost_) / per_second;
    } else if (s.rate > 0) {
        s.left = static_cast<double>(*s.items - std::min(*s.items, s.settled())) / s.rate;
    }
    return s;
}

progress_state together(const std::vector<progress_state>& calls) {
    progress_state all = calls.front();
    for (std::size_t i = 1; i < calls.size(); ++i) {
        const progress_state& one = calls[i];
        all.done += one.done;
        all.failed += one.failed;
        all.items = all.items && one.items ? std::optional(*all.items + *one.items) : std::nullopt;
        all.seconds = std::max(all.seconds, one.seconds);
        all.rate += one.rate;
        // They share the ranks, and those that end leave them to the others: what is left is left to all.
        all.left = all.left && one.left ? std::optional(std::max(*all.left, *one.left)) : std::nullopt;
        all.ranks = std::max(all.ranks, one.ranks);
        all.at_work = std::min(all.ranks, all.at_work + one.at_work);
        all.over = all.over && one.over;
    }
    all.calls = calls.size();
    return all;
}

} // namespace mpimap::detail
