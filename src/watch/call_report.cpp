#include "watch/call_report.hpp"

#include <algorithm>

namespace mpimap::detail {

void call_report::ran(std::size_t rank, std::size_t items, double seconds) {
    if (rank >= all_.ranks.size())
        return;
    all_.ranks[rank].busy += seconds;
    all_.ranks[rank].items += items;
    all_.attempts += items;
}

void call_report::settled(const settled_items& what, double now) {
    all_.seconds = now - begin_;
    if (what.how == settlement::failed)
        all_.failures += what.items.count;
    if (what.how != settlement::done)
        return;
    all_.items += what.items.count;
    if (what.attempt == 0)
        return; // of an earlier program
    if (what.items.count == 1)
        note(what.items.first, what.seconds, what.rank);
    for (const wire::longest_items::one& one : what.longest)
        note(static_cast<std::size_t>(one.item), one.seconds, what.rank);
}

void call_report::note(std::size_t item, double seconds, int rank) {
    constexpr std::size_t most = 5;
    std::vector<report::item>& slowest = all_.slowest;
    if (slowest.size() == most && slowest.back().seconds >= seconds)
        return;
    const auto at = std::find_if(slowest.begin(), slowest.end(),
                                 [seconds](const auto& s) { return s.seconds < seconds; });
    slowest.insert(at, {item, seconds, rank, {}});
    if (slowest.size() > most)
        slowest.pop_back();
}

} // namespace mpimap::detail
