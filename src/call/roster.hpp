#pragma once

// What the owner of calls knows of the ranks that run items for it: who wants a chunk, who has which, who is
// held up, gone or lost.

#include <cstddef>
#include <optional>
#include <vector>

#include <mpimap/detail/job.hpp>

#include "fifo.hpp"
#include "wire/messages.hpp"

namespace mpimap::detail {

class roster {
  public:
    enum class standing : unsigned char {
        joining, // it has not said yet that it takes part in the call that began
        serving,
        held_up, // in an item that takes long
        left,    // it has said that it leaves the pool
        lost     // it has vanished
    };
    struct chunk {
        call_number call{};
        item_range items;
    };

    /// `own`: the rank whose roster it is, which asks for nothing.
    roster(std::size_t ranks, std::size_t own) : own_(own), ranks_(ranks) {}

    [[nodiscard]] std::size_t size() const noexcept { return ranks_.size(); }
    [[nodiscard]] standing standing_of(std::size_t rank) const { return ranks_[rank].is; }

    /// A call begins that the others enter by themselves: each says so when it has.
    void expect_all();
    /// It has, or cannot.
    void joined(std::size_t rank);
    /// How many have not said so.
    [[nodiscard]] std::size_t joining() const noexcept { return joining_; }

    // Who wants a chunk, of any call. Ranks are answered in the order in which they have asked; whoever gets
    // nothing is remembered until there is more.

    void ask(std::size_t rank);
    /// How many ask.
    [[nodiscard]] std::size_t asking() const noexcept { return asking_.size(); }
    /// Who has asked first, of at least one.
    [[nodiscard]] std::size_t first() noexcept { return asking_.front(); }
    // What has become of the first: it gets another turn behind the others; it has enough; there is nothing.
    void first_waits();
    void first_has_enough();
    void first_gets_nothing();
    /// There are items again; `were_none`: of no call there have been any.
    void there_is_more(bool were_none);
    /// Whether there were no items when the rank asked for some.
    [[nodiscard]] bool has_asked_in_vain(std::size_t rank) const { return ranks_[rank].asked_in_vain; }

    // Who has what.

    void sent(std::size_t rank, call_number call, item_range items);
    /// How many chunks there are in all hands.
    [[nodiscard]] std::size_t in_hand() const noexcept { return in_hand_; }
    [[nodiscard]] const fifo<chunk>& chunks_of(std::size_t rank) const { return ranks_[rank].chunks; }
    /// How many chunks a rank has, of all calls.
    [[nodiscard]] std::size_t in_hand(std::size_t rank) const { return ranks_[rank].chunks.size(); }
    /// Whether it surely runs nothing: it has no chunk, nor had one of which nobody will hear.
    [[nodiscard]] bool is_idle(std::size_t rank) const;
    /// The rank has no more to say of the oldest chunk that it has of the call. Nothing if it has none.
    std::optional<item_range> finished(std::size_t rank, call_number call);
    enum class giving { nothing, a_part, all };
    /// The rank gives back the end of a chunk, since what it runs takes long: it wants no other before that
    /// is over. Says how much of the chunk that was; nothing if it has no such chunk.
    giving returned(std::size_t rank, call_number call, item_range items);
    /// The call is over: what it has out, nobody will hear of.
    void forget(call_number call);

    void left(std::size_t rank);
    /// How many have left, or vanished.
    [[nodiscard]] std::size_t departed() const noexcept { return departed_; }
    /// The rank has vanished. What it had in hand, which is still in the counts of the calls.
    [[nodiscard]] std::vector<chunk> lose(std::size_t rank);

  private:
    enum class want : unsigned char { no, asks, got_nothing };
    struct rank_record {
        standing is = standing::serving;
        want wants = want::no;
        bool asked_in_vain = false;
        bool may_run_unheard = false; // a chunk of a call that is over, or that it has given back
        fifo<chunk> chunks;           // in the order in which they were sent
    };
    static chunk* find(fifo<chunk>& chunks, call_number call);

    std::size_t own_;
    std::vector<rank_record> ranks_;
    fifo<std::size_t> asking_;
    std::vector<std::size_t> got_nothing_;
    std::size_t in_hand_ = 0;
    std::size_t joining_ = 0;
    std::size_t departed_ = 0;
};

} // namespace mpimap::detail
