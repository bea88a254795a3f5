#pragma once

#include "wire/transport.hpp"

namespace mpimap::detail {

/// A step of the engine's, which must not end half done. What it throws, since there is no memory to remember
/// what was sent, MPI has failed, or a message is damaged, leaves this rank out of step with the others: it
/// ends the job, and says why, rather than have them wait. Where there are no others it throws. Code of the
/// user's does not throw through here.
template <typename Step>
auto whole(const endpoint& here, const Step& step) -> decltype(step()) {
    try {
        return step();
    } catch (...) {
        here.out_of_step();
        throw;
    }
}

} // namespace mpimap::detail
