#include "memory.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>

std::size_t damaged::largest_allocation = 0;

void* operator new(std::size_t size) {
    damaged::largest_allocation = std::max(damaged::largest_allocation, size);
    constexpr std::size_t all_there_is = std::size_t{1} << 32U;
    void* const p = size < all_there_is ? std::malloc(size) : nullptr;
    if (p == nullptr)
        throw std::bad_alloc();
    return p;
}
void operator delete(void* p) noexcept {
    std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
    std::free(p);
}
