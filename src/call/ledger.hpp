#pragma once

// Which items of a call are settled, and how. The one place that knows: each of them is settled once, and
// what says otherwise later is not heard.

#include <cstddef>
#include <utility>
#include <vector>

#include <mpimap/detail/index_set.hpp>
#include <mpimap/detail/job.hpp>

#include "call/settled.hpp"

namespace mpimap::detail {

class ledger {
  public:
    /// `done` gets the items that have their results, and outlives the ledger. Null for calls that grow:
    /// their jobs look at single items themselves, and the ledger keeps no record unless it is `watched`.
    ledger(call_number call, index_set* done, bool watched)
        : call_(call), watched_(watched), done_(done != nullptr ? *done : own_),
          records_(done != nullptr || watched) {}

    /// They have their results; those that were settled before do not count.
    void done(item_range items, int rank, double seconds, std::size_t attempt,
              const wire::longest_items& longest = {});
    /// It will have none. False if it was settled before, as far as there is a record.
    [[nodiscard]] bool failed(std::size_t item, int rank, std::size_t attempt);
    /// It is not to be run.
    void withdrawn(std::size_t item);
    /// Of so many items those that are not settled will not be run. Nothing is told after that: the job may
    /// take back results that it could not give to the caller.
    void over(std::size_t items);

    /// Items that were done before the call began, by a program before this one.
    void tell_what_was_done();

    /// What there is to be told, in order, if it is watched.
    [[nodiscard]] bool has_news() const noexcept { return !news_.empty(); }
    [[nodiscard]] std::vector<settled_items> take_news() { return std::exchange(news_, {}); }

  private:
    void tell(settled_items what) {
        if (watched_)
            news_.push_back(std::move(what));
    }
    void tell_done(item_range items, int rank, double seconds, std::size_t attempt,
                   const wire::longest_items& longest);
    /// Calls `visit` with each range of items that is not settled.
    template <typename Visit>
    void for_each_open(std::size_t first, std::size_t last, const Visit& visit) const {
        done_.for_each_gap(first, last, [&](std::size_t from, std::size_t to) {
            without_result_.for_each_gap(from, to, visit);
        });
    }

    call_number call_;
    bool watched_;
    index_set own_;
    index_set& done_;
    index_set without_result_; // failed, or withdrawn
    bool records_;
    bool over_ = false;
    std::vector<settled_items> news_;
};

} // namespace mpimap::detail
