#include <mpimap/random.hpp>

#include <Random123/philox.h>

namespace mpimap {

detail::philox_counter detail::philox4x64_10(const philox_counter& counter, const philox_key& key) noexcept {
    const philox4x64_ctr_t block =
        ::philox4x64_R(10, {{counter[0], counter[1], counter[2], counter[3]}}, {{key[0], key[1]}});
    return {block[0], block[1], block[2], block[3]};
}

void random_engine::make_block() noexcept {
    block_ = detail::philox4x64_10({drawn_ / block_size, substream_, index_, 0}, key_);
}

} // namespace mpimap
