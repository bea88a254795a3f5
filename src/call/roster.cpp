#include "call/roster.hpp"

#include <algorithm>
#include <utility>

namespace mpimap::detail {

void roster::expect_all() {
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank) {
        if (rank == own_ || ranks_[rank].is != standing::serving)
            continue;
        ranks_[rank].is = standing::joining;
        ++joining_;
    }
}

void roster::joined(std::size_t rank) {
    if (ranks_[rank].is != standing::joining)
        return;
    ranks_[rank].is = standing::serving;
    --joining_;
}

void roster::ask(std::size_t rank) {
    rank_record& r = ranks_[rank];
    if (r.wants == want::asks || rank == own_ || r.is == standing::lost)
        return;
    r.wants = want::asks;
    asking_.push(rank);
}

void roster::first_waits() {
    asking_.push(asking_.pop());
}
void roster::first_has_enough() {
    ranks_[asking_.pop()].wants = want::no;
}
void roster::first_gets_nothing() {
    const std::size_t rank = asking_.pop();
    ranks_[rank].wants = want::got_nothing;
    ranks_[rank].asked_in_vain = true;
    got_nothing_.push_back(rank);
}

void roster::there_is_more(bool were_none) {
    if (were_none) {
        for (const std::size_t rank : asking_)
            ranks_[rank].asked_in_vain = true;
    }
    for (const std::size_t rank : got_nothing_) {
        if (ranks_[rank].wants == want::got_nothing)
            ask(rank);
    }
    got_nothing_.clear();
}

void roster::sent(std::size_t rank, call_number call, item_range items) {
    rank_record& r = ranks_[rank];
    r.chunks.push({call, items});
    ++in_hand_;
    r.asked_in_vain = false;
}

bool roster::is_idle(std::size_t rank) const {
    const rank_record& r = ranks_[rank];
    return rank != own_ && r.is == standing::serving && r.chunks.empty() && !r.may_run_unheard;
}

roster::chunk* roster::find(fifo<chunk>& chunks, call_number call) {
    return std::find_if(chunks.begin(), chunks.end(), [call](const chunk& c) { return c.call == call; });
}

std::optional<item_range> roster::finished(std::size_t rank, call_number call) {
    rank_record& r = ranks_[rank];
    chunk* const at = find(r.chunks, call);
    if (at == r.chunks.end())
        return {};
    const item_range items = at->items;
    --in_hand_;
    if (at == r.chunks.begin()) {
        (void)r.chunks.pop();
    } else {
        r.chunks.erase(at);
    }
    if (r.is == standing::held_up)
        r.is = standing::serving;
    r.may_run_unheard = false; // it ran what came before
    ask(rank);
    return items;
}

roster::giving roster::returned(std::size_t rank, call_number call, item_range items) {
    rank_record& r = ranks_[rank];
    chunk* const at = std::find_if(r.chunks.begin(), r.chunks.end(), [&](const chunk& c) {
        return c.call == call && c.items.first <= items.first && c.items.end() == items.end();
    });
    if (at == r.chunks.end())
        return giving::nothing;
    if (r.is == standing::serving)
        r.is = standing::held_up;
    if (at->items.first != items.first) {
        at->items.count -= items.count;
        return giving::a_part;
    }
    r.chunks.erase(at);
    --in_hand_;
    // What it runs may be of a call that is over, of which nobody will hear: then it is offered more at once.
    r.may_run_unheard = true;
    if (r.chunks.empty())
        ask(rank);
    return giving::all;
}

void roster::forget(call_number call) {
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank) {
        rank_record& r = ranks_[rank];
        const std::size_t before = r.chunks.size();
        r.chunks.erase_if([call](const chunk& c) { return c.call == call; });
        if (r.chunks.size() == before)
            continue;
        in_hand_ -= before - r.chunks.size();
        r.may_run_unheard = true;
        if (r.is == standing::held_up)
            r.is = standing::serving;
        ask(rank);
    }
}

void roster::left(std::size_t rank) {
    joined(rank);
    standing& is = ranks_[rank].is;
    if (is == standing::left || is == standing::lost)
        return;
    is = standing::left;
    ++departed_;
}

std::vector<roster::chunk> roster::lose(std::size_t rank) {
    joined(rank);
    rank_record& r = ranks_[rank];
    if (r.is != standing::left && r.is != standing::lost)
        ++departed_;
    r.is = standing::lost;
    std::vector<chunk> had;
    while (!r.chunks.empty())
        had.push_back(r.chunks.pop());
    in_hand_ -= had.size();
    if (r.wants == want::asks) {
        asking_.erase(std::find(asking_.begin(), asking_.end(), rank));
        r.wants = want::no;
    }
    return had;
}

} // namespace mpimap::detail
