// How much memory results take at the rank that computes them.

#include <mpimap/serialization.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <boost/serialization/vector.hpp>
#include <gtest/gtest.h>

#include "one_map.hpp"

namespace simulated {
namespace {

int made = 0; // by items, and still there
int most_made = 0;

/// What an item has made counts as long as it lives, what was read from a message does not.
class large {
  public:
    large() = default;
    explicit large(std::size_t size, int item) : values_(size, item), counts_(true) {
        most_made = std::max(most_made, ++made);
    }
    large(large&& other) noexcept
        : values_(std::move(other.values_)), counts_(std::exchange(other.counts_, false)) {}
    large& operator=(large&& other) noexcept {
        std::swap(values_, other.values_);
        std::swap(counts_, other.counts_);
        return *this;
    }
    large(const large&) = delete;
    large& operator=(const large&) = delete;
    ~large() { made -= counts_ ? 1 : 0; }

    [[nodiscard]] int item() const { return values_.empty() ? -1 : values_.back(); }
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& values_;
    }

  private:
    std::vector<int> values_;
    bool counts_ = false;
};
struct make_large {
    std::size_t size;
    large operator()(int item) const {
        world::now().compute(1e-3);
        return large(size, item);
    }
};

/// The other rank's half of them are sent as they come, and are gone.
TEST(large_results, are_sent_while_later_items_run) {
    constexpr int items = 64;
    std::vector<int> xs(items);
    for (int i = 0; i < items; ++i)
        xs[static_cast<std::size_t>(i)] = i;
    for (const std::size_t megabytes : {1U, 3U}) {
        most_made = 0;
        const auto all = map_once(2, {.schedule = mpimap::schedule::static_},
                                  make_large{megabytes * 1024 * 1024 / sizeof(int)}, xs);
        EXPECT_LE(most_made, items / 2 + 4);
        for (int i = 0; i < items; ++i)
            EXPECT_EQ(all.results[static_cast<std::size_t>(i)].item(), i);
    }
    EXPECT_EQ(made, 0);
}

} // namespace
} // namespace simulated
