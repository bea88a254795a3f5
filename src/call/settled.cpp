#include "call/settled.hpp"

#include <atomic>

namespace mpimap::detail {
namespace {

std::atomic<settled_observer*> observer{nullptr};

} // namespace

void observe_settled(settled_observer* o) noexcept {
    observer = o;
}
settled_observer* observer_of_settled() noexcept {
    return observer;
}

} // namespace mpimap::detail
