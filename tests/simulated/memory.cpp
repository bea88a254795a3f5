#include "memory.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

namespace simulated {
namespace {

int frail_scopes = 0;
std::uint64_t until_failure = 0;
bool has_failed = false;
bool all_may_fail = false;

} // namespace

void fail_allocation(std::uint64_t n, bool everywhere) noexcept {
    frail_scopes = 0; // of ranks that were left where they were
    until_failure = n;
    has_failed = false;
    all_may_fail = everywhere;
}
bool engine_has_failed() noexcept {
    return has_failed && all_may_fail;
}
bool allocation_has_failed() noexcept {
    return has_failed;
}

frail::frail(code where) noexcept : scopes_(where == code::of_items || all_may_fail ? 1 : 0) {
    frail_scopes += scopes_;
}
frail::~frail() {
    frail_scopes -= scopes_;
}
sturdy::sturdy() noexcept : before_(std::exchange(frail_scopes, 0)) {}
sturdy::~sturdy() {
    frail_scopes = before_;
}

static bool fails_now() noexcept {
    if (frail_scopes == 0 || until_failure == 0 || --until_failure != 0)
        return false;
    has_failed = true;
    return true;
}

static void* allocate(std::size_t size) {
    if (fails_now())
        throw std::bad_alloc();
    if (void* const memory = std::malloc(size == 0 ? 1 : size))
        return memory;
    throw std::bad_alloc();
}

} // namespace simulated

// The linker puts it in the place of realloc (--wrap), from which buffers have their memory.
extern "C" void* __real_realloc(void* memory, std::size_t size);
extern "C" void* __wrap_realloc(void* memory, std::size_t size) {
    return simulated::fails_now() ? nullptr : __real_realloc(memory, size);
}

void* operator new(std::size_t size) {
    return simulated::allocate(size);
}
void* operator new[](std::size_t size) {
    return simulated::allocate(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return simulated::fails_now() ? nullptr : std::malloc(size == 0 ? 1 : size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return ::operator new(size, std::nothrow);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
    std::free(memory);
}
