#pragma once

// A call whose items are kept in a journal.

#include <memory>

#include <mpimap/options.hpp>

#include "call/keeper.hpp"

namespace mpimap::detail {

/// At the root, before the call is planned: what the journal has of its items is given to the job, and one
/// line on the standard error says what that is and why it is not all. Null where the options name no
/// journal.
///
/// Encodes all arguments, once, to tell by a sum (XXH3, 64 bits) for 4,096 of them which are the same as
/// before; of a call that grows each when it is added. Throws invalid_argument where the journal cannot be
/// used, or belongs to another function, another type of results or another seed.
[[nodiscard]] std::unique_ptr<call_keeper> keep_call(const options& o, root_job& job, int rank);

} // namespace mpimap::detail
