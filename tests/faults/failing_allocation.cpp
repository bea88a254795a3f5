#include "failing_allocation.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace faults {
namespace {

std::atomic<long> until_failure{0};
std::atomic<bool> has_failed{false};
std::atomic<bool> and_all_behind{false};

bool fails_now() noexcept {
    if (until_failure.load(std::memory_order_relaxed) <= 0)
        return false;
    const long left = until_failure.fetch_sub(1);
    if (left != 1)
        return false;
    if (and_all_behind)
        until_failure = 1;
    has_failed = true;
    return true;
}

} // namespace

void fail_allocation(long n, bool all_behind) noexcept {
    and_all_behind = all_behind;
    until_failure = n;
}
bool allocation_has_failed() noexcept {
    return has_failed.exchange(false);
}

} // namespace faults

// The linker puts it in the place of realloc (--wrap), from which buffers have their memory.
extern "C" void* __real_realloc(void* memory, std::size_t size);
extern "C" void* __wrap_realloc(void* memory, std::size_t size) {
    return faults::fails_now() ? nullptr : __real_realloc(memory, size);
}
void* operator new(std::size_t size) {
    if (!faults::fails_now()) {
        if (void* const memory = std::malloc(size == 0 ? 1 : size))
            return memory;
    }
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
