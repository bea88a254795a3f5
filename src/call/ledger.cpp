#include "call/ledger.hpp"

#include <utility>
#include <vector>

namespace mpimap::detail {

void ledger::tell_done(item_range items, int rank, double seconds, std::size_t attempt,
                       const wire::longest_items& longest) {
    settled_items what{call_, items, settlement::done, rank, seconds, attempt};
    for (std::size_t i = 0; items.count != 1 && i < longest.count; ++i) {
        if (longest.all[i].item >= items.first && longest.all[i].item < items.end())
            what.longest.push_back(longest.all[i]);
    }
    tell(std::move(what));
}

void ledger::done(item_range items, int rank, double seconds, std::size_t attempt,
                  const wire::longest_items& longest) {
    if (!records_ || items.count == 0)
        return;
    if (without_result_.size() == 0 && done_.add(items.first, items.end())) {
        if (watched_)
            tell_done(items, rank, seconds, attempt, longest);
        return;
    }
    // Some of them have run elsewhere, too.
    std::vector<item_range> fresh;
    for_each_open(items.first, items.end(), [&](std::size_t from, std::size_t to) {
        fresh.push_back({from, to - from});
    });
    for (const item_range& part : fresh) {
        done_.add(part.first, part.end());
        const double share = static_cast<double>(part.count) / static_cast<double>(items.count);
        if (watched_)
            tell_done(part, rank, seconds * share, attempt, longest);
    }
}

void ledger::tell_what_was_done() {
    for (const index_range& r : watched_ ? done_.ranges() : std::vector<index_range>())
        tell({call_, {r.first, r.last - r.first}, settlement::done, settled_items::no_rank, 0, 0});
}

bool ledger::failed(std::size_t item, int rank, std::size_t attempt) {
    if (!records_)
        return true;
    if (done_.contains(item) || !without_result_.add(item, item + 1))
        return false;
    tell({call_, {item, 1}, settlement::failed, rank, 0, attempt});
    return true;
}

void ledger::withdrawn(std::size_t item) {
    if (records_ && !done_.contains(item) && without_result_.add(item, item + 1))
        tell({call_, {item, 1}, settlement::not_run, settled_items::no_rank, 0, 0});
}

void ledger::over(std::size_t items) {
    if (!watched_ || std::exchange(over_, true))
        return;
    std::vector<item_range> rest;
    for_each_open(0, items, [&](std::size_t from, std::size_t to) { rest.push_back({from, to - from}); });
    for (const item_range& part : rest) {
        without_result_.add(part.first, part.end());
        tell({call_, part, settlement::not_run, settled_items::no_rank, 0, 0});
    }
}

} // namespace mpimap::detail
