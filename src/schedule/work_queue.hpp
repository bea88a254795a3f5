#pragma once

#include <deque>
#include <set>
#include <utility>
#include <vector>

#include "chunking.hpp"

namespace mpimap::detail {

/// Which items are handed out next, and to whom. Knows no MPI: every item is given to exactly one rank,
/// unless it is given back.
class work_queue {
  public:
    work_queue(const options& o, std::size_t items, std::size_t ranks, std::size_t bytes_per_item,
               std::size_t granularity);

    static constexpr std::size_t anyone = static_cast<std::size_t>(-1);

    /// The next chunk for a rank, or for whoever wants it first; empty when there is none.
    [[nodiscard]] item_range next(std::size_t rank, const measurements& m);
    /// Of retry(): an item that no other rank may run; empty when there is none.
    [[nodiscard]] item_range next_for_nobody_but(std::size_t rank);
    /// Items that were handed out but not run; they are handed out again before all others, to any rank.
    void give_back(item_range items);
    /// Whether they are handed out again in chunks of the size that is right by then, or as they were given.
    [[nodiscard]] bool divides_returned() const noexcept {
        return how_ == schedule::automatic && !has_costs_ && !request_.chunk;
    }
    [[nodiscard]] bool has_returned() const noexcept { return !cleared_ && !returned_.empty(); }
    /// An item that failed, to be run by a rank other than those.
    void retry(std::size_t item, std::vector<std::size_t> not_by) {
        if (!cleared_)
            retries_.push_back({item, std::move(not_by)});
    }
    /// What retry() was given and has not been handed out.
    [[nodiscard]] std::vector<std::size_t> retries() const;
    /// A chunk took so long: for choosing an end of what is left.
    void note(item_range items, double seconds);
    /// There are n items more, behind the others. Not for schedules that divide the items beforehand.
    void extend(std::size_t n) noexcept {
        request_.items += n;
        request_.grows = true;
        back_ += n;
    }
    /// One item less; false if it has been handed out. For the same schedules.
    bool withdraw(std::size_t item);
    /// Hands out no more.
    void clear();
    /// Items that the dynamic schedules have not handed out, except what was given back.
    [[nodiscard]] std::size_t remaining() const noexcept;
    /// Whether the rank would get nothing.
    [[nodiscard]] bool empty(std::size_t rank) const;
    /// Whether no rank would get anything.
    [[nodiscard]] bool empty() const;
    /// Whether chunks were divided beforehand, so that there is nothing to gain by waiting for requests.
    [[nodiscard]] bool decided() const noexcept { return how_ == schedule::static_; }

  private:
    void skip_withdrawn();
    [[nodiscard]] bool from_the_back();
    [[nodiscard]] item_range next_of_slice(std::size_t rank, const measurements& m);

    struct failed_item {
        std::size_t item;
        std::vector<std::size_t> not_by;
    };
    [[nodiscard]] std::deque<failed_item>::const_iterator retry_for(std::size_t rank) const;

    schedule how_;
    chunk_request request_;
    std::deque<item_range> returned_;
    std::deque<failed_item> retries_;
    // Two cursors for the dynamic schedules: [next_, back_) is left. Automatic takes from both ends: many
    // ranges grow towards one, and long items should go first. The last item is tried early, after that
    // chunks come from where items take longer.
    std::size_t next_ = 0;
    std::size_t back_;
    bool both_ends_ = false;
    std::size_t chunks_before_last_item_ = 0;
    double front_time_ = 0; // of an item, mean of the last chunks
    double back_time_ = 0;
    std::set<std::size_t> withdrawn_; // none before next_
    std::size_t chunks_in_round_ = 0;
    std::size_t left_at_round_ = 0;
    // ... a list with costs ...
    std::vector<item_range> by_cost_;
    std::size_t next_by_cost_ = 0;
    bool has_costs_ = false;
    std::size_t left_by_cost_; // items
    // ... and one cursor per rank for slices: dealt from the first rank, the root, on.
    std::vector<item_range> slices_;
    std::vector<std::size_t> blocks_dealt_;
    bool cleared_ = false;
};

} // namespace mpimap::detail
