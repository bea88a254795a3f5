#include "journal/contents.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "journal/words.hpp"

namespace mpimap::detail::journal {

// ---------------------------------------------------------------- what records say

void append(buffer& out, std::uint64_t journal, std::uint64_t call, const call_info& info) {
    buffer content;
    append_text(content, info.function);
    append_word(content, info.named ? 1 : 0);
    append_word(content, info.state);
    append_text(content, info.result);
    append_word(content, info.seed ? 1 : 0);
    append_word(content, info.seed.value_or(0));
    append_text(content, info.stream);
    append(out, journal, {kind::call, call}, content.data(), content.size());
}

call_info read_call(std::span<const std::byte> content) {
    word_cursor in(content);
    call_info info;
    info.function = in.text();
    info.named = in.word() != 0;
    info.state = in.word();
    info.result = in.text();
    const bool has_seed = in.word() != 0;
    const std::uint64_t seed = in.word();
    if (has_seed)
        info.seed = seed;
    info.stream = in.text();
    return info;
}

std::string difference(const call_info& before, const call_info& now) {
    const auto sides = [](const std::string& what, const std::string& of_journal,
                          const std::string& of_call) {
        return what + " is " + of_journal + " in the journal, and " + of_call + " now";
    };
    if (before.named != now.named || before.function != now.function)
        return sides(now.named ? "options::journal_key" : "the function", before.function, now.function);
    if (before.result != now.result)
        return sides("the type of results", before.result, now.result);
    if (before.state != now.state)
        return "what the function " + now.function + " holds is something else than in the journal";
    if (before.seed != now.seed) {
        const auto text = [](const std::optional<std::uint64_t>& seed) {
            return seed ? std::to_string(*seed) : std::string("none");
        };
        return sides("the seed", text(before.seed), text(now.seed));
    }
    if (before.stream != now.stream)
        return sides("what the random streams begin with besides the seed", '"' + before.stream + '"',
                     '"' + now.stream + '"');
    return {};
}

std::uint64_t arguments_of(item_range items, std::span<const block_sum> sums) noexcept {
    const std::size_t last = block_of(items.end() - 1);
    if (items.count == 0 || last >= sums.size())
        return 0;
    std::uint64_t mixed = 0;
    for (std::size_t b = block_of(items.first); b <= last; ++b)
        mixed = (mixed ^ sums[b].sum) * 0x9e37'79b9'7f4a'7c15U + sums[b].items;
    return mixed != 0 ? mixed : 1;
}

void append(buffer& out, std::uint64_t journal, std::uint64_t call, std::size_t first,
            std::span<const block_sum> sums) {
    std::size_t items = 0;
    for (const block_sum& s : sums)
        items += static_cast<std::size_t>(s.items);
    append(out, journal, {kind::digests, call, {first, items}}, sums.data(), sums.size_bytes());
}

// ---------------------------------------------------------------- a call

namespace {

/// Adds what of it is not there.
void add_gaps(index_set& to, item_range items) {
    std::vector<item_range> fresh;
    to.for_each_gap(items.first, items.end(), [&](std::size_t from, std::size_t end) {
        fresh.push_back({from, end - from});
    });
    for (const item_range& r : fresh)
        (void)to.add(r.first, r.end());
}

/// Whether a record of results, which can be read, has all of its items.
bool has_all(const kept_items::entry& e) {
    word_cursor in(e.content);
    in.skip(words_ahead_of_without * sizeof(std::uint64_t));
    return in.word() == 0;
}

/// Those of a record of results that it has, in ranges.
std::vector<item_range> items_with_result(const kept_items::entry& e) {
    word_cursor in(e.content);
    const ran how = read_ran(in);
    std::vector<item_range> all;
    std::size_t next = e.items.first;
    for (const std::size_t failed : how.without) {
        if (failed > next)
            all.push_back({next, failed - next});
        next = failed + 1;
    }
    if (next < e.items.end())
        all.push_back({next, e.items.end() - next});
    return all;
}

/// Whether a record is of arguments with these sums.
bool is_of(const kept_items::entry& e, std::span<const block_sum> sums) {
    return e.arguments == arguments_of(e.items, sums);
}

bool overlaps(const index_set& set, item_range items) {
    std::size_t left = 0;
    set.for_each_gap(items.first, items.end(), [&](std::size_t from, std::size_t to) { left += to - from; });
    return left != items.count;
}

} // namespace

void call_contents::add(std::vector<entry>& to, entry e) {
    if (e.items.count == 0 || e.items.end() < e.items.first)
        throw serialization_error("mpimap: a record of a journal is of no items");
    items_ = std::max(items_, e.items.end());
    to.push_back(e);
}

void call_contents::has_sums(std::size_t first_block, std::span<const block_sum> sums) {
    const std::size_t blocks = std::max(sums_.size(), first_block + sums.size());
    sums_.resize(blocks);
    for (std::size_t i = 0; i < sums.size(); ++i) {
        block_sum& known = sums_[first_block + i];
        if (known == sums[i])
            continue;
        known = sums[i];
        ended_ = false;
    }
    items_ = std::max(items_, (blocks - 1) * items_per_block + static_cast<std::size_t>(sums_.back().items));
}

void call_contents::begins(std::size_t run, std::uint64_t rank, const record& what) {
    begun_.push_back({run, rank, what.items, what.arguments, failures_.size()});
    ended_ = false;
}

void call_contents::ends(std::size_t items) {
    ended_ = true;
    items_ = items;
}

std::size_t call_contents::same_blocks(std::span<const block_sum> sums) const {
    std::size_t same = 0;
    for (std::size_t i = 0; i < std::min(sums.size(), sums_.size()); ++i)
        same += sums[i] == sums_[i] ? 1 : 0;
    return same;
}

/// All records of results that count, if no item is in two of them: their items are settled then. As a rule
/// it is so, and much faster to be seen.
bool call_contents::select_all(std::span<const block_sum> sums, kept_items& kept, index_set& settled) const {
    kept.results.reserve(results_.size());
    for (std::size_t n = 0; n < results_.size(); ++n) {
        if (!is_of(results_[n], sums))
            continue;
        if (has_all(results_[n])) {
            if (!settled.add(results_[n].items.first, results_[n].items.end()))
                return false;
        } else {
            for (const item_range& r : items_with_result(results_[n])) {
                if (!settled.add(r.first, r.end()))
                    return false;
            }
        }
        kept.results.push_back(results_[n]);
    }
    return true;
}

/// The later ones of them where some have the same items.
void call_contents::select_last(std::span<const block_sum> sums, kept_items& kept, index_set& settled) const {
    for (std::size_t n = results_.size(); n-- != 0;) {
        if (!is_of(results_[n], sums))
            continue;
        const std::vector<item_range> items = items_with_result(results_[n]);
        if (std::any_of(items.begin(), items.end(),
                        [&settled](const item_range& r) { return overlaps(settled, r); }))
            continue; // had again since
        for (const item_range& r : items)
            (void)settled.add(r.first, r.end());
        kept.results.push_back(results_[n]);
    }
    std::reverse(kept.results.begin(), kept.results.end());
}

kept_items call_contents::of(std::span<const block_sum> sums) const {
    kept_items kept;
    std::optional<index_set> settled(std::in_place);
    if (!select_all(sums, kept, *settled)) {
        kept.results.clear();
        settled.emplace();
        select_last(sums, kept, *settled);
    }
    for (std::size_t n = failures_.size(); n-- != 0;) {
        const item_range item = failures_[n].items;
        if (is_of(failures_[n], sums) && settled->add(item.first, item.end()))
            kept.failures.push_back(failures_[n]);
    }
    std::reverse(kept.failures.begin(), kept.failures.end());
    kept.suspects = suspects(sums, *settled);
    return kept;
}

std::size_t call_contents::times_begun(std::size_t item, std::optional<std::span<const block_sum>> sums,
                                       bool alone) const {
    std::size_t failures = 0; // up to the item's last one
    for (std::size_t n = 0; n < failures_.size(); ++n)
        failures = failures_[n].items.first == item ? n + 1 : failures;
    return static_cast<std::size_t>(std::count_if(begun_.begin(), begun_.end(), [&](const begun& b) {
        return b.items.first <= item && item < b.items.end() && b.failures >= failures &&
               (!alone || b.items.count == 1) && (!sums || b.arguments == arguments_of(b.items, *sums));
    }));
}

/// A rank runs what it has in order, and what it says of one chunk comes later than it begins the next.
std::vector<item_range> call_contents::suspects(std::span<const block_sum> sums,
                                                const index_set& settled) const {
    constexpr std::size_t at_most = 2; // of each rank
    std::map<std::pair<std::size_t, std::uint64_t>, std::size_t> of_rank;
    index_set all;
    for (const begun& b : begun_) {
        if (b.arguments != arguments_of(b.items, sums))
            continue;
        std::vector<item_range> open;
        settled.for_each_gap(b.items.first, b.items.end(), [&open](std::size_t from, std::size_t to) {
            open.push_back({from, to - from});
        });
        if (open.empty() || of_rank[{b.run, b.rank}]++ >= at_most)
            continue;
        for (const item_range& r : open)
            add_gaps(all, r);
    }
    std::vector<item_range> ranges;
    for (const index_range& r : all.ranges())
        ranges.push_back({r.first, r.last - r.first});
    return ranges;
}

// ---------------------------------------------------------------- single items

singles_index::singles_index(const call_contents& call) {
    index_set all;
    for (const kept_items::entry& e : call.singles()) {
        records_.push_back({e, records_.size()});
        longest_ = std::max(longest_, e.items.count);
        add_gaps(all, e.items);
    }
    size_ = all.size();
    std::sort(records_.begin(), records_.end(), [](const place& a, const place& b) {
        return std::pair(a.record.items.first, a.order) < std::pair(b.record.items.first, b.order);
    });
}

void singles_index::open(const kept_items::entry& record) {
    if (open_ == record.content.data())
        return;
    open_ = record.content.data();
    items_.clear();
    try {
        word_cursor in(record.content);
        (void)read_ran(in);
        while (items_.size() < record.items.count)
            items_.push_back(read_single(in));
    } catch (const serialization_error&) {
        // As many as there are.
    }
}

std::optional<encoded> singles_index::find(std::size_t item, std::uint64_t sum) {
    auto at = std::upper_bound(records_.begin(), records_.end(), item,
                               [](std::size_t i, const place& p) { return i < p.record.items.first; });
    std::optional<encoded> found;
    std::size_t order = 0;
    while (at != records_.begin()) {
        --at;
        const item_range items = at->record.items;
        if (item - items.first >= longest_)
            break;
        if (item >= items.end() || (found && at->order < order))
            continue;
        open(at->record);
        const std::size_t k = item - items.first;
        if (k >= items_.size() || items_[k].sum != sum)
            continue;
        found = items_[k].result;
        order = at->order;
    }
    return found;
}

// ---------------------------------------------------------------- all of it

void contents::read(scanner& file) {
    while (const auto f = file.next()) {
        try {
            heed(*f, file.number());
        } catch (const serialization_error&) {
            ++strange_;
        }
    }
}

void contents::heed(const scanner::found& f, std::uint64_t journal) {
    if (f.what.what == kind::run) {
        run_info run = read_run(f.content);
        const bool is_copy = !runs_.empty() && runs_.back() == run;
        if (run.journal != journal || is_copy)
            return;
        runs_.push_back(std::move(run));
        closed_ = false;
        return;
    }
    if (f.what.what == kind::end) {
        closed_ = true;
        for (auto& [number, call] : calls_)
            call.closed();
        return;
    }
    const auto known = calls_.find(f.what.call);
    if (f.what.what == kind::call) {
        call_info info = read_call(f.content);
        if (known == calls_.end()) {
            calls_.emplace(f.what.call, call_contents(std::move(info)));
        } else if (known->second.info() != info) {
            known->second = call_contents(std::move(info));
        }
        return;
    }
    if (known == calls_.end())
        throw serialization_error("mpimap: a record of a call that has not begun");
    call_contents& call = known->second;
    switch (f.what.what) {
    case kind::digests: {
        if (f.content.empty() || f.content.size() % sizeof(block_sum) != 0 ||
            f.what.items.first % items_per_block != 0)
            throw serialization_error("mpimap: sums of arguments that are none");
        std::vector<block_sum> sums(f.content.size() / sizeof(block_sum));
        std::memcpy(sums.data(), f.content.data(), f.content.size());
        call.has_sums(block_of(f.what.items.first), sums);
        return;
    }
    case kind::results: {
        word_cursor in(f.content);
        const ran how = read_ran(in);
        if (!std::is_sorted(how.without.begin(), how.without.end()) ||
            std::any_of(how.without.begin(), how.without.end(),
                        [&](std::size_t i) { return i < f.what.items.first || i >= f.what.items.end(); }))
            throw serialization_error("mpimap: a record of a journal is of other items than it says");
        call.has_results({f.what.items, f.what.arguments, f.content});
        return;
    }
    case kind::singles:
        call.has_singles({f.what.items, f.what.arguments, f.content});
        return;
    case kind::failures:
        call.has_failures({f.what.items, f.what.arguments, f.content});
        return;
    case kind::handed_out:
        call.begins(runs_.size(), word_cursor(f.content).word(), f.what);
        return;
    case kind::finished:
        call.ends(f.what.items.count);
        return;
    default:
        throw serialization_error("mpimap: a record of a kind that there is not");
    }
}

} // namespace mpimap::detail::journal
