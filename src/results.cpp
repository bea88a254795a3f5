#include <mpimap/detail/results.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include <mpimap/detail/reduction.hpp>
#include <mpimap/errors.hpp>

namespace mpimap::detail {

void refuse_results(std::size_t items, std::size_t bytes_each) {
    try {
        throw;
    } catch (const std::bad_alloc&) {
    } catch (const std::length_error&) { // more than there are addresses
    }
    constexpr double gib = 1024.0 * 1024.0 * 1024.0;
    std::array<char, 32> total{};
    std::snprintf(total.data(), total.size(), "%.3g GiB",
                  static_cast<double>(items) * static_cast<double>(bytes_each) / gib);
    throw error("mpimap: the root has no memory for the results: " + std::to_string(items) + " of " +
                std::to_string(bytes_each) + " bytes each are " + total.data() +
                ". Fold them with mpi_map_reduce, or take them one by one with pool.imap");
}

void refuse_node() {
    throw serialization_error(
        "mpimap: the results of a reduction have been damaged on their way: a part of them "
        "belongs to other items");
}

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
