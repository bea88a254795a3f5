#include <mpimap/detail/call_ordinal.hpp>

#include <atomic>

#include <mpimap/detail/running_items.hpp>

namespace mpimap::detail {
namespace {

constinit std::atomic<std::uint64_t> calls = 0;

} // namespace

std::uint64_t next_call_ordinal() noexcept {
    return running_items::any_here() ? 0 : ++calls;
}
std::uint64_t calls_begun() noexcept {
    return calls;
}

} // namespace mpimap::detail
