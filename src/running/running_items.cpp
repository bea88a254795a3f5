#include <mpimap/detail/running_items.hpp>

namespace mpimap::detail {
namespace {

constinit std::atomic<item_timekeeper*> timekeeper = nullptr;

/// There is no frame behind this one for whoever unwinds the stack: what is thrown is known to be uncaught
/// where it is thrown. Behind a plain noexcept destructors would run first, and their frames be gone.
[[gnu::noinline]] void run_at_end_of_stack(void (*run)(const void*), const void* context) {
#if defined(__x86_64__)
    asm volatile(".cfi_undefined rip" ::: "memory");
#elif defined(__aarch64__)
    asm volatile(".cfi_undefined x30" ::: "memory");
#endif
    run(context);
    asm volatile("" ::: "memory"); // the frame stays
}

} // namespace

constinit thread_local const running_items* running_items::innermost_here = nullptr;
constinit thread_local bool running_items::nobody_there = false;
constinit std::atomic<const running_items*> running_items::innermost_somewhere = nullptr;

void running_items::begin_timing() const noexcept {
    if (item_timekeeper* const keeper = timekeeper)
        keeper->begin(*this);
}
void running_items::end_timing() const noexcept {
    if (item_timekeeper* const keeper = timekeeper)
        keeper->end(*this);
}

void keep_time_of_items(item_timekeeper* keeper) noexcept {
    timekeeper = keeper;
}

void run_uncaught(void (*run)(const void*), const void* context) noexcept {
    run_at_end_of_stack(run, context);
}

} // namespace mpimap::detail
