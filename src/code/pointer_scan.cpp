#include <mpimap/detail/pointer_scan.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#include <mpimap/errors.hpp>

#if defined(__SANITIZE_ADDRESS__)
#define MPIMAP_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MPIMAP_ADDRESS_SANITIZER
#endif
#endif

namespace mpimap::detail {
namespace {

#if defined(MPIMAP_ADDRESS_SANITIZER)
constexpr std::uint64_t lowest_address =
    0x10007fff8000; // below lies the sanitizer's shadow, all of it mapped
#else
constexpr std::uint64_t lowest_address = 64 * 1024;
#endif
constexpr std::uint64_t highest_address = std::uint64_t{1} << 47;

/// Whether the address lies in memory that this process has mapped. mincore answers in about a microsecond;
/// /proc/self/maps takes hundreds.
bool is_mapped(std::uint64_t address) {
    static const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    unsigned char resident = 0;
    void* start = reinterpret_cast<void*>(address / page * page);
    return mincore(start, 1, &resident) == 0 || errno != ENOMEM;
}

/// The offset of the first word that is an address of something here, not below `lowest`; none is found after
/// so many lookups. No allocator and no linker places anything outside of the bounds: small integers and most
/// doubles need no lookup.
std::optional<std::size_t> find_pointer(const void* object, std::size_t size, std::uint64_t lowest,
                                        std::size_t lookups) {
    const auto* bytes = static_cast<const std::byte*>(object);
    for (std::size_t at = 0; at + sizeof(std::uint64_t) <= size; at += alignof(void*)) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes + at, sizeof word);
        if (word < lowest || word >= highest_address)
            continue;
        if (lookups-- == 0)
            break;
        if (is_mapped(word))
            return at;
    }
    return std::nullopt;
}

[[noreturn]] void refuse(std::size_t at, const std::string& what, const std::string& remedy,
                         const char* type) {
    throw invalid_argument("mpimap: byte " + std::to_string(at) + " of " + what +
                           " is the address of something in this process, which means nothing on another "
                           "rank. " +
                           remedy + ". Found by " + type);
}

} // namespace

void refuse_captured_pointers(const void* object, std::size_t size, const char* type) {
    // A loop that maps the same closure again and again pays for the scan once.
    static thread_local std::vector<std::byte> last_clean;
    const auto* bytes = static_cast<const std::byte*>(object);
    if (last_clean.size() == size && std::memcmp(last_clean.data(), bytes, size) == 0)
        return;
    if (const auto at = find_pointer(bytes, size, lowest_address, size)) {
        refuse(*at, "the function's state",
               "If that is a captured pointer or `this`, bind the object itself with mpimap::bind_front, "
               "pass it as "
               "broadcast(x), or give its class a serialize function; if it is a number that only looks like "
               "an address, wrap the function in trust_bytes(f)",
               type);
    }
    last_clean.assign(bytes, bytes + size);
}

void refuse_pointers(const void* object, std::size_t size, const char* what, const char* type) {
    // Nobody vouches for a value: numbers must not be refused. A program that is not position-independent
    // lies where 32-bit numbers do, and the state of a random number generator is hundreds of such words.
    constexpr std::uint64_t lowest = std::max(lowest_address, std::uint64_t{1} << 32);
    constexpr std::size_t lookups = 16;
    if (const auto at = find_pointer(object, size, lowest, lookups)) {
        refuse(*at, what,
               "If that is a private pointer, give the class a serialize function that sends what it leads "
               "to; if it is a number that only looks like an address, one that sends the number",
               type);
    }
}

} // namespace mpimap::detail
