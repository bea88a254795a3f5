#include "items.hpp"

#include <map>
#include <utility>

#include <mpimap/detail/index_set.hpp>
#include <mpimap/errors.hpp>

#include "journal/entry.hpp"
#include "journal/words.hpp"

namespace mpimap::journal_command {

using namespace detail;
using journal::kind;

namespace {

/// Calls `visit` with the ranges of what is left of `items` without some of them.
template <typename Visit>
void visit_around(const std::vector<std::size_t>& without, item_range items, const Visit& visit) {
    std::size_t next = items.first;
    for (const std::size_t left_out : without) {
        if (left_out < next || left_out >= items.end())
            continue;
        if (left_out > next)
            visit(item_range{next, left_out - next});
        next = left_out + 1;
    }
    if (next < items.end())
        visit(item_range{next, items.end() - next});
}

std::vector<item_range> gaps_of(const index_set& set, item_range items) {
    std::vector<item_range> gaps;
    set.for_each_gap(items.first, items.end(), [&gaps](std::size_t from, std::size_t to) {
        gaps.push_back({from, to - from});
    });
    return gaps;
}

std::vector<std::size_t> without_of(std::span<const std::byte> content) {
    journal::word_cursor in(content);
    return journal::read_ran(in).without;
}

/// As of other calls: of what a rank was given last it may have run two chunks, and of each program.
std::vector<item_range> suspects_among(std::span<const grown_record> records, const index_set& settled) {
    constexpr std::size_t at_most = 2;
    std::map<std::pair<std::size_t, std::uint64_t>, std::size_t> of_rank;
    index_set all;
    for (const grown_record& r : records) {
        if (r.what != kind::handed_out)
            continue;
        const std::vector<item_range> open = gaps_of(settled, r.items);
        const std::uint64_t rank = journal::word_cursor(r.content).word();
        if (open.empty() || of_rank[{r.run, rank}]++ >= at_most)
            continue;
        for (const item_range& o : open) {
            for (const item_range& fresh : gaps_of(all, o))
                (void)all.add(fresh.first, fresh.end());
        }
    }
    std::vector<item_range> ranges;
    for (const index_range& r : all.ranges())
        ranges.push_back({r.first, r.size()});
    return ranges;
}

} // namespace

call_items::call_items(opened& all, std::uint64_t number) : call_(all.contents().calls().at(number)) {
    if (grows(call_)) {
        read_grown(all.records(number).grown);
    } else {
        read_kept();
    }
    put_in_order();
}

void call_items::read_kept() {
    journal::kept_items kept = call_.all();
    records_ = std::move(kept.results);
    failures_ = std::move(kept.failures);
    suspects_ = std::move(kept.suspects);
    parts_.reserve(records_.size());
    for (std::size_t n = 0; n < records_.size(); ++n) {
        visit_around(without_of(records_[n].content), records_[n].items, [&](item_range r) {
            parts_.push_back({r, n});
        });
    }
}

/// What is later comes before what is earlier: nobody knows of which arguments the others are.
void call_items::read_grown(std::span<const grown_record> records) {
    index_set settled;
    for (auto r = records.rbegin(); r != records.rend(); ++r) {
        try {
            if (r->what == kind::failures) {
                if (r->items.count == 1 && settled.add(r->items.first, r->items.end()))
                    failures_.push_back({r->items, 0, r->content});
            } else if (r->what == kind::singles) {
                for (const item_range& gap : gaps_of(settled, r->items)) {
                    visit_around(without_of(r->content), gap, [&](item_range items) {
                        (void)settled.add(items.first, items.end());
                        parts_.push_back({items, records_.size()});
                    });
                }
                records_.push_back({r->items, 0, r->content});
            }
        } catch (const serialization_error&) {
            // A record that was read otherwise when it was written.
        }
    }
    suspects_ = suspects_among(records, settled);
}

void call_items::put_in_order() {
    const auto before = [](const auto& a, const auto& b) { return a.items.first < b.items.first; };
    if (!std::is_sorted(parts_.begin(), parts_.end(), before))
        std::sort(parts_.begin(), parts_.end(), before);
    std::sort(failures_.begin(), failures_.end(), before);
    // A call that had more items before.
    const auto beyond = [end = size()](const auto& e) { return e.items.first >= end; };
    std::erase_if(parts_, beyond);
    std::erase_if(failures_, [&](const entry& f) { return beyond(f) || f.items.count != 1; });
    std::erase_if(suspects_, [end = size()](const item_range& r) { return r.first >= end; });
    if (!parts_.empty()) {
        item_range& last = parts_.back().items;
        last.count = std::min(last.count, size() - last.first);
    }
    if (!suspects_.empty()) {
        item_range& last = suspects_.back();
        last.count = std::min(last.count, size() - last.first);
    }
    for (const part& p : parts_)
        done_ += p.items.count;
}

} // namespace mpimap::journal_command
