#include "call/ledger.hpp"

#include <atomic>
#include <utility>
#include <vector>

namespace mpimap::detail {
namespace {

std::atomic<settled_observer*> observer{nullptr};

} // namespace

void observe_settled(settled_observer* o) noexcept {
    observer = o;
}
settled_observer* observer_of_settled() noexcept {
    return observer;
}

void ledger::done(item_range items, int rank, double seconds, std::size_t attempt) {
    if (!records_ || items.count == 0)
        return;
    if (without_result_.size() == 0 && done_.add(items.first, items.end())) {
        tell({call_, items, settlement::done, rank, seconds, attempt});
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
        tell({call_, part, settlement::done, rank, seconds * share, attempt});
    }
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
    if (!records_ || observer_ == nullptr || std::exchange(over_, true))
        return;
    std::vector<item_range> rest;
    for_each_open(0, items, [&](std::size_t from, std::size_t to) { rest.push_back({from, to - from}); });
    for (const item_range& part : rest) {
        without_result_.add(part.first, part.end());
        tell({call_, part, settlement::not_run, settled_items::no_rank, 0, 0});
    }
}

} // namespace mpimap::detail
