#pragma once

// What is to be done with the items of a call: made once, of options that have been checked.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>

#include <mpimap/detail/job.hpp>
#include <mpimap/errors.hpp>
#include <mpimap/options.hpp>

#include "call/keeper.hpp"
#include "schedule/work_queue.hpp"

namespace mpimap::detail {

/// What is fixed by the function that the user calls, not by options.
struct call_mode {
    bool tolerant = false;    // failures of items are the caller's business
    bool pooled = false;      // of a pool: ranks know nothing of it before their first chunk
    bool grows = false;       // items are added as it goes: as the job says
    bool caller_waits = true; // with its arguments, for the end of the call
};

struct call_plan {
    call_mode mode;
    work_queue queue; // of its items
    std::function<bool(const task_error&)> retry_if;
    std::stop_token stop;
    std::size_t items = 0;
    std::size_t granularity = 1;
    std::size_t attempts = 1;
    std::optional<std::uint64_t> seed = {};
    std::optional<double> ends = {}; // when items should have ended, by the driver's clock, in seconds
    bool plain_arguments = true;     // code of the user's does not run where they are encoded
    bool stop_at_failure = false;    // once an item has failed for good no more are handed out
    bool results_everywhere = false;

    /// Whether ranks other than the owner run no items behind one that throws: where it may be tried again,
    /// that is for the owner to say.
    [[nodiscard]] bool stop_elsewhere() const noexcept { return stop_at_failure && attempts == 1; }
    /// Whether what is sent of plain arguments is a copy, and not the caller's memory that outlives the call.
    [[nodiscard]] bool copies_arguments() const noexcept { return !mode.grows && !mode.caller_waits; }
};

/// `kept`: what there is of its items, if anybody keeps them: the others are run.
[[nodiscard]] call_plan plan_call(root_job& job, const options& o, std::size_t ranks, const call_mode& mode,
                                  const call_keeper* kept = nullptr);

} // namespace mpimap::detail
