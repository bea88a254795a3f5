// How many messages a call takes whose items are short, on a clock that hangs on no machine.

#include <mpimap/serialization.hpp>

#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include "one_map.hpp"

namespace simulated {
namespace {

/// What only code of the user's can encode: that takes time, and the main thread.
struct computed {
    int value = 0;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        if constexpr (Archive::is_saving::value)
            world::now().compute(0.05e-6);
        archive& value;
    }
};
struct short_item {
    int operator()(const computed& x) const {
        world::now().compute(0.1e-6);
        return x.value + 1;
    }
};

/// Chunks that the root sends in a call of n items.
long chunks_of(int ranks, int n) {
    std::vector<computed> xs(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i)
        xs[static_cast<std::size_t>(i)].value = i;
    const auto all = map_once(ranks, {}, short_item(), xs);
    EXPECT_EQ(all.results.back(), n);
    return all.chunks;
}

/// Nothing is known of the first items: what was encoded one by one, when they turn out to be short, is not
/// sent one by one, which would be a thousand chunks more.
TEST(few_messages, short_items_that_only_the_main_thread_encodes) {
    for (const int ranks : {2, 3, 8}) {
        const long chunks = chunks_of(ranks, 100'000);
        EXPECT_GE(chunks, ranks - 1);
        EXPECT_LE(chunks, 100 + 50 * (ranks - 1));
    }
}

} // namespace
} // namespace simulated
