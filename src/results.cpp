#include <mpimap/detail/results.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

namespace mpimap::detail {

std::function<void()> read_around(std::vector<std::size_t> none, item_range items, reader& in, void* all,
                                  std::size_t size) {
    const auto come = std::make_shared<raw_array<std::byte>>(items.count * size);
    in.heap(come->data(), items.count * size);
    return
        [none = std::move(none), items, come, to = static_cast<std::byte*>(all) + items.first * size, size] {
            for (std::size_t i = 0; i < items.count; ++i) {
                if (!std::binary_search(none.begin(), none.end(), items.first + i))
                    std::memcpy(to + i * size, come->data() + i * size, size);
            }
        };
}

} // namespace mpimap::detail
