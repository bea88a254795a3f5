#pragma once

// Items that have failed and may be tried again: how often, where, and with what.

#include <cstddef>
#include <map>
#include <vector>

#include <mpimap/errors.hpp>

namespace mpimap::detail {

class retries {
  public:
    /// `attempts`: how often an item may be run.
    explicit retries(std::size_t attempts) : attempts_(attempts) {}

    /// Whether no item gets more than one.
    [[nodiscard]] bool none() const noexcept { return attempts_ == 1; }
    /// Whether an item that has failed now has another left.
    [[nodiscard]] bool allows(std::size_t item) const { return attempt_of(item) < attempts_; }
    /// With which attempt an item that has run now was run, from 1.
    [[nodiscard]] std::size_t attempt_of(std::size_t item) const {
        if (known_.empty())
            return 1;
        const auto at = known_.find(item);
        return at == known_.end() ? 1 : at->second.ranks.size() + 1;
    }
    /// It gets another. Forgets nothing of the failure: it may be the last after all.
    void try_again(failure f);
    [[nodiscard]] bool has(std::size_t item) const { return !known_.empty() && known_.contains(item); }
    /// Ranks that are not to run the item: those where it has failed, or none where that is all of them.
    /// `may_run(rank)`: whether a rank runs items at all.
    template <typename MayRun>
    [[nodiscard]] std::vector<std::size_t> not_by(std::size_t item, std::size_t ranks,
                                                  const MayRun& may_run) const {
        const std::vector<std::size_t>& tried = known_.at(item).ranks;
        for (std::size_t rank = 0; rank < ranks; ++rank) {
            bool here = false;
            for (const std::size_t t : tried)
                here = here || t == rank;
            if (may_run(rank) && !here)
                return tried;
        }
        return {};
    }

    struct last_failure {
        failure why;
        std::size_t attempt = 0;
    };
    /// Items that wait for another attempt will have none: their last failures.
    [[nodiscard]] last_failure give_up(std::size_t item);
    /// The same of all items that have ever failed, and are forgotten; some of them may have been run again
    /// and have their results.
    [[nodiscard]] std::vector<last_failure> give_up();

  private:
    struct trial {
        std::vector<std::size_t> ranks; // where it failed
        failure last;
    };
    std::size_t attempts_;
    std::map<std::size_t, trial> known_; // by item
};

} // namespace mpimap::detail
