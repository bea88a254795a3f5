#include "chunking.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mpimap::detail {
namespace {

constexpr double target_time = 1e-3;
constexpr double most_bytes = 4 * 1024 * 1024;
constexpr double poll_interval = 100e-6;
constexpr std::size_t large_item = 16 * 1024;
constexpr double shortest_nap = 1e-3;
constexpr double longest_nap = 10e-3;

std::size_t clamped(double n, std::size_t most) {
    if (!(n > 1))
        return 1;
    return n >= static_cast<double>(most) ? most : static_cast<std::size_t>(n);
}

std::size_t at_least(std::size_t n, const chunk_request& r) {
    return std::min(std::max(n, r.chunk.value_or(1)), r.remaining);
}

} // namespace

std::size_t automatic_chunk(const chunk_request& r, const measurements& m) {
    if (r.remaining == 0)
        return 0;
    if (r.chunk)
        return std::min(*r.chunk, r.remaining);
    const auto ranks = static_cast<double>(r.ranks);
    if (m.items_done == 0) {
        // Among very many ranks it takes so long until the root comes back to each that one item is short,
        // and a few are still few of those that each will run.
        constexpr double long_round = 500e-6;
        constexpr std::size_t few = 4;
        return clamped(ranks * m.chunk_cost / long_round,
                       std::clamp<std::size_t>(r.remaining / (16 * r.ranks), 1, few));
    }
    const double time = std::max(target_time, 10 * ranks * m.chunk_cost);
    std::size_t n = clamped(m.item_time > 0 ? time / m.item_time : 1e18, r.remaining);
    // The mean of few items is not to be trusted with many.
    constexpr double enough = 16;
    const double sampled = static_cast<double>(m.in_order) / enough;
    n = std::min(n, clamped(4 * std::max(static_cast<double>(m.items_done) / ranks, sampled), r.remaining));
    // Towards the end smaller and smaller, but not so small that the ranks wait for the root.
    const double round = m.item_time > 0 ? ranks * m.chunk_cost / m.item_time : 0.5;
    n = std::min(n, std::max(clamped(2 * round, std::max<std::size_t>(1, r.remaining / (2 * r.ranks))),
                             r.remaining / ((r.grows ? 1 : 4) * r.ranks)));
    n = std::max(n, clamped(std::min(round, 4 * sampled), r.remaining));
    const double bytes = std::max(static_cast<double>(r.bytes_per_item), m.argument_bytes + m.result_bytes);
    return bytes > 0 ? std::min(n, clamped(most_bytes / bytes, n)) : n;
}

std::size_t dynamic_chunk(const chunk_request& r) {
    return std::min(r.chunk.value_or(1), r.remaining);
}

std::size_t guided_chunk(const chunk_request& r) {
    return r.remaining == 0 ? 0 : at_least((r.remaining + r.ranks - 1) / r.ranks, r);
}

std::size_t factoring_chunk(const chunk_request& r, std::size_t left_at_round) {
    return r.remaining == 0 ? 0 : at_least((left_at_round + 2 * r.ranks - 1) / (2 * r.ranks), r);
}

std::size_t aligned_chunk(std::size_t first, std::size_t n, std::size_t granularity) {
    if (granularity == 1)
        return n; // twice for each chunk, and divisions take long
    const std::size_t end = (first + n) / granularity * granularity;
    return n >= granularity && end > first ? end - first : n;
}

std::size_t aligned_chunk_before(std::size_t end, std::size_t n, std::size_t granularity) {
    const std::size_t first = (end - n + granularity - 1) / granularity * granularity;
    return n >= granularity && first < end ? end - first : n;
}

item_range static_slice(std::size_t items, std::size_t ranks, std::size_t rank, std::size_t granularity) {
    // Slices of whole blocks of the granularity, when every rank gets one.
    const std::size_t unit = items / granularity >= ranks ? granularity : 1;
    const std::size_t units = (items + unit - 1) / unit;
    const auto begin = [&](std::size_t k) {
        return std::min(items, (units / ranks * k + std::min(k, units % ranks)) * unit);
    };
    return {begin(rank), begin(rank + 1) - begin(rank)};
}

std::size_t transfer_block(std::size_t slice, std::size_t bytes_per_item, std::size_t granularity) {
    constexpr std::size_t least_bytes = 1024 * 1024;
    const std::size_t eighth = std::max<std::size_t>(1, (slice + 7) / 8);
    std::size_t n = eighth;
    if (bytes_per_item != 0) {
        const std::size_t least = std::max<std::size_t>(1, least_bytes / bytes_per_item);
        n = bytes_per_item >= large_item ? least : std::max(eighth, least);
    }
    return slice >= granularity ? (n + granularity - 1) / granularity * granularity : n;
}

bool plenty_left(std::size_t remaining, std::size_t ranks, const measurements& m) {
    if (remaining <= ranks)
        return false;
    return m.items_done == 0 ||
           m.item_time * static_cast<double>(remaining) > 2 * m.longest * static_cast<double>(ranks);
}

std::size_t look_ahead(std::size_t chunk_items, bool plenty, const measurements& m) {
    if (m.items_done == 0)
        return plenty ? 2 : 1;
    // Towards the end a rank has a few items to come: as many replies to wait for, against half an item that
    // waits behind another on average.
    if (!plenty && m.item_time > 4 * m.reply_time)
        return 1;
    const double chunk_time = m.item_time * static_cast<double>(chunk_items);
    // The root, busy with an item of its own, may take as long as that to reply, up to its helper's nap.
    const double reply_time = std::max(m.reply_time, std::min(m.item_time, shortest_nap));
    const std::size_t most = plenty ? 8 : 2;
    return std::max<std::size_t>(2,
                                 clamped(1 + std::ceil(2 * reply_time / std::max(chunk_time, 1e-9)), most));
}

nap_length helper_nap(std::size_t ranks, bool plenty, double item_time) {
    constexpr double long_item = 500e-6; // between shorter ones the main thread looks itself
    if (plenty || ranks < 2 || item_time < long_item) {
        const double nap = std::clamp(item_time / 4, shortest_nap, longest_nap);
        return {nap, nap > shortest_nap};
    }
    // Waking up costs the main thread c, each nap s: c/s of one rank. The others wait for s/2 with each item
    // of length t, s/2t of P - 1 ranks. The sum is least where s^2 = 2ct/(P - 1).
    constexpr double wake_up = 10e-6;
    constexpr double shortest_if_awaited = 100e-6;
    const double nap = std::sqrt(2 * wake_up * item_time / static_cast<double>(ranks - 1));
    return {std::clamp(nap, shortest_if_awaited, longest_nap), true};
}

void usual_time::note(std::size_t items, double seconds) {
    constexpr double shortest = 1e-9; // what clocks cannot see
    const auto n = static_cast<double>(items);
    items_ += n;
    logarithms_ += items == 0 ? 0 : n * std::log(std::max(seconds / n, shortest));
}
double usual_time::seconds() const {
    return items_ == 0 ? 0 : std::exp(logarithms_ / items_);
}

nap_length patience_nap(double usual_time) {
    constexpr double least = 5e-3;
    constexpr double most = 1;
    return {std::clamp(2 * usual_time, least, most), false};
}

std::vector<item_range> chunks_by_cost(const std::vector<double>& costs, std::size_t ranks,
                                       std::optional<std::size_t> chunk) {
    const double total = std::accumulate(costs.begin(), costs.end(), 0.0);
    const double share = total / (16 * static_cast<double>(ranks));
    // Items that are said to cost nothing take some time all the same.
    const std::size_t most = chunk.value_or(std::max<std::size_t>(1, costs.size() / (16 * ranks)));
    struct priced {
        item_range items;
        double cost;
    };
    std::vector<priced> all;
    for (std::size_t i = 0; i < costs.size(); ++i) {
        const bool full =
            all.empty() || all.back().items.count >= most || (!chunk && all.back().cost + costs[i] > share);
        if (full)
            all.push_back({{i, 0}, 0});
        ++all.back().items.count;
        all.back().cost += costs[i];
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const priced& a, const priced& b) { return a.cost > b.cost; });
    std::vector<item_range> chunks;
    chunks.reserve(all.size());
    for (const priced& p : all)
        chunks.push_back(p.items);
    return chunks;
}

std::size_t next_batch(std::size_t batch, double seconds) {
    if (seconds < poll_interval / 2)
        return batch * 2;
    if (seconds > poll_interval * 1.5) {
        return std::max<std::size_t>(
            1, static_cast<std::size_t>(static_cast<double>(batch) * poll_interval / seconds));
    }
    return batch;
}

} // namespace mpimap::detail
