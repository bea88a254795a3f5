#include <mpimap/detail/call_ordinal.hpp>

#include <atomic>

namespace mpimap::detail {
namespace {

constinit std::atomic<std::uint64_t> calls = 0;
constinit thread_local int running_items = 0;
constinit thread_local bool nobody_there = false;

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

std::uint64_t next_call_ordinal() noexcept {
    return running_items == 0 ? ++calls : 0;
}
std::uint64_t calls_begun() noexcept {
    return calls;
}

items_run_here::items_run_here() noexcept : uncaught_(++running_items == 1 && nobody_there) {}
items_run_here::~items_run_here() {
    --running_items;
}

void run_uncaught(void (*run)(const void*), const void* context) noexcept {
    run_at_end_of_stack(run, context);
}

nobody_catches::nobody_catches() noexcept {
    nobody_there = true;
}
nobody_catches::~nobody_catches() {
    nobody_there = false;
}

} // namespace mpimap::detail
