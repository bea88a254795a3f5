#pragma once

// What becomes of the items of a call, as it happens: what watches a call hangs here.

#include <cstddef>
#include <vector>

#include <mpimap/detail/job.hpp>

#include "wire/messages.hpp"

namespace mpimap::detail {

enum class settlement {
    done,   // they have their results, in place by the end of the call
    failed, // no more attempts
    not_run // and will not be: the call was stopped, or the item withdrawn
};

/// Of items that are neighbours and have met the same end; those that fail come one by one.
struct settled_items {
    call_number call{};
    item_range items;
    settlement how = settlement::done;
    int rank = no_rank;      // where they ran
    double seconds = 0;      // all of them together took there, as far as it is known
    std::size_t attempt = 0; // the last one, from 1; 0 where there was none: of an earlier program
    std::vector<wire::longest_items::one> longest = {}; // of several: those that were measured one by one

    static constexpr int no_rank = -1;
};

/// Is told of each item of each call once, on its owner, whatever becomes of it. On the helper's and the
/// deputy's thread, too: one of them at a time.
class settled_observer {
  public:
    virtual ~settled_observer() = default;
    /// `job`: of the call. It gives results of items that are done as bytes: root_job::write_results.
    virtual void settled(const settled_items& what, root_job& job) noexcept = 0;
};

/// All calls that this process begins from now on are watched by it, or by nobody. It must outlive them.
void observe_settled(settled_observer* observer) noexcept;
[[nodiscard]] settled_observer* observer_of_settled() noexcept;

} // namespace mpimap::detail
