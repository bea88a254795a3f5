#pragma once

// What is left to hand out of a call: what the schedule has, and what came back. No MPI, no clock.

#include <cstddef>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "schedule/schedule.hpp"

namespace mpimap::detail {

/// Every item is given to exactly one rank, unless it is given back.
class work_queue {
  public:
    /// As make_schedule().
    work_queue(const options& o, std::size_t items, std::size_t ranks, std::size_t bytes_per_item,
               std::size_t granularity)
        : fresh_(make_schedule(o, items, ranks, bytes_per_item, granularity)), decided_(fresh_->decided()),
          takes_notes_(fresh_->takes_notes()), left_(items), ranks_(ranks) {}

    /// Of all items that a schedule has.
    work_queue(scheduled_items all, std::size_t ranks)
        : fresh_(std::move(all.schedule)), decided_(fresh_->decided()), takes_notes_(fresh_->takes_notes()),
          left_(all.items), ranks_(ranks) {}

    static constexpr std::size_t anyone = item_schedule::anyone;

    /// The next chunk for a rank, or for whoever wants it first; empty when there is none.
    [[nodiscard]] item_range next(std::size_t rank, const measurements& m);
    /// Of retry(): an item that no other rank may run; empty when there is none.
    [[nodiscard]] item_range next_for_nobody_but(std::size_t rank);
    /// Items that were handed out but not run; they are handed out again before all others, to any rank.
    void give_back(item_range items);
    /// Whether they are handed out again in chunks of the size that is right by then, or as they were given.
    [[nodiscard]] bool divides_returned() const { return fresh_->makes_portions(); }
    [[nodiscard]] bool has_returned() const noexcept { return !cleared_ && !returned_.empty(); }
    /// The same, or an item of retry(), for the rank.
    [[nodiscard]] bool has_for(std::size_t rank) const {
        return has_returned() || (!cleared_ && !retries_.empty() && retry_for(rank) != retries_.end());
    }
    /// An item that failed, to be run by a rank other than those.
    void retry(std::size_t item, std::vector<std::size_t> not_by) {
        if (!cleared_)
            retries_.push_back({item, std::move(not_by)});
    }
    /// What retry() was given and has not been handed out.
    [[nodiscard]] std::vector<std::size_t> retries() const;
    /// A chunk took so long.
    void note(item_range items, double seconds) {
        if (takes_notes_)
            fresh_->note(items, seconds);
    }
    /// As the schedule's.
    [[nodiscard]] bool knows_costs() const { return fresh_->knows_costs(); }
    [[nodiscard]] double expected() const { return fresh_->expected(); }
    /// There are n items more, behind the others. Not for schedules that divide the items beforehand.
    void extend(std::size_t n) {
        fresh_->extend(n);
        left_ += n;
    }
    /// One item less; false if it has been handed out. For the same schedules.
    bool withdraw(std::size_t item) {
        const bool was_there = fresh_->withdraw(item);
        left_ -= was_there ? 1 : 0;
        return was_there;
    }
    /// Hands out no more.
    void clear();
    /// Items that nobody has had.
    [[nodiscard]] std::size_t remaining() const { return left_; }
    /// Whether the rank would get nothing.
    [[nodiscard]] bool empty(std::size_t rank) const {
        return cleared_ || (returned_.empty() && (retries_.empty() || retry_for(rank) == retries_.end()) &&
                            (decided_ ? fresh_->empty(rank) : left_ == 0));
    }
    /// Whether no rank would get anything.
    [[nodiscard]] bool empty() const {
        return cleared_ || (returned_.empty() && retries_.empty() && left_ == 0);
    }
    /// Whether chunks were divided beforehand, so that there is nothing to gain by waiting for requests.
    [[nodiscard]] bool decided() const { return decided_; }

  private:
    struct failed_item {
        std::size_t item;
        std::vector<std::size_t> not_by;
    };
    [[nodiscard]] std::deque<failed_item>::const_iterator retry_for(std::size_t rank) const;

    std::unique_ptr<item_schedule> fresh_;
    bool decided_;
    bool takes_notes_;
    std::size_t left_; // of fresh_
    std::size_t ranks_;
    std::deque<item_range> returned_;
    std::deque<failed_item> retries_;
    bool cleared_ = false;
};

} // namespace mpimap::detail
