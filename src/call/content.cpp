#include <mpimap/detail/content.hpp>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace mpimap::detail {

content content_of(const writer& encoded, const void* type) {
    const auto add = [](XXH3_state_t* state, const void* data, std::size_t size) {
        if (size != 0)
            XXH3_128bits_update(state, data, size);
    };
    XXH3_state_t state;
    XXH3_128bits_reset(&state);
    const std::uint64_t size = encoded.body().size();
    add(&state, &size, sizeof size);
    add(&state, encoded.body().data(), encoded.body().size());
    for (const source_span& s : encoded.spans()) {
        const std::uint64_t length = s.size;
        add(&state, &length, sizeof length);
        add(&state, s.data, s.size);
    }
    const XXH128_hash_t digest = XXH3_128bits_digest(&state);
    return {digest.low64, digest.high64, type};
}

} // namespace mpimap::detail
