#include <mpimap/function.hpp>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define MPIMAP_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MPIMAP_ADDRESS_SANITIZER
#endif
#endif

namespace mpimap::detail {
namespace {

/// Whether the address lies in memory that this process has mapped. mincore answers in about a microsecond;
/// /proc/self/maps takes hundreds.
bool is_mapped(std::uint64_t address) {
    // No allocator and no linker places anything outside: small integers and most doubles need no system
    // call.
#if defined(MPIMAP_ADDRESS_SANITIZER)
    constexpr std::uint64_t lowest = 0x10007fff8000; // below lies the sanitizer's shadow, all of it mapped
#else
    constexpr std::uint64_t lowest = 64 * 1024;
#endif
    constexpr std::uint64_t highest = std::uint64_t{1} << 47;
    if (address < lowest || address >= highest)
        return false;
    static const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    unsigned char resident = 0;
    void* start = reinterpret_cast<void*>(address / page * page);
    return mincore(start, 1, &resident) == 0 || errno != ENOMEM;
}

} // namespace

void refuse_pointers(const void* object, std::size_t size, const char* type) {
    // A loop that maps the same closure again and again pays for the scan once.
    static thread_local std::vector<std::byte> last_clean;
    const auto* bytes = static_cast<const std::byte*>(object);
    if (last_clean.size() == size && std::memcmp(last_clean.data(), bytes, size) == 0)
        return;
    for (std::size_t offset = 0; offset + sizeof(std::uint64_t) <= size; offset += alignof(void*)) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes + offset, sizeof word);
        if (is_mapped(word)) {
            throw invalid_argument("mpimap: byte " + std::to_string(offset) +
                                   " of what is to be sent is the address of something in this process: a "
                                   "captured or hidden pointer, "
                                   "or `this`, which means nothing on another rank. Bind the object itself "
                                   "(bind_front), pass it as "
                                   "broadcast(x), give its class a serialize function, or, if it is a number "
                                   "that only looks like an "
                                   "address, wrap the function in trust_bytes(f). Found by " +
                                   std::string(type));
        }
    }
    last_clean.assign(bytes, bytes + size);
}

} // namespace mpimap::detail
