#include <mpimap/detail/call_ordinal.hpp>

#include <atomic>

namespace mpimap::detail {
namespace {

constinit std::atomic<std::uint64_t> calls = 0;
constinit thread_local int running_items = 0;

} // namespace

std::uint64_t next_call_ordinal() noexcept {
    return running_items == 0 ? ++calls : 0;
}

items_run_here::items_run_here() noexcept {
    ++running_items;
}
items_run_here::~items_run_here() {
    --running_items;
}

} // namespace mpimap::detail
