// How much memory results take at the rank that computes them.

#include <mpimap/serialization.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

#include <boost/serialization/vector.hpp>
#include <gtest/gtest.h>

#include "one_map.hpp"

namespace simulated {
namespace {

int made = 0; // by items, and still there
int most_made = 0;

/// What an item has made counts as long as it lives, if it is to; what was read from a message does not.
class large {
  public:
    large() = default;
    large(std::size_t size, int item, bool counts) : values_(size, item), counts_(counts) {
        if (counts)
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
/// Items of two static slices, of which those of the second, the other rank's, count.
struct make_large {
    std::size_t size;
    int second_half;
    large operator()(int item) const {
        const bool counts = item >= second_half;
        world::now().compute(0.1e-3);
        return large(size, item, counts);
    }
};

/// The most that there were at a time.
int most_at_once(std::size_t bytes) {
    constexpr int items = 64;
    std::vector<int> xs(items);
    std::iota(xs.begin(), xs.end(), 0);
    most_made = 0;
    const auto all =
        map_once(2, {.schedule = mpimap::schedule::static_}, make_large{bytes / sizeof(int), items / 2}, xs);
    for (int i = 0; i < items; ++i)
        EXPECT_EQ(all.results[static_cast<std::size_t>(i)].item(), i);
    EXPECT_EQ(made, 0);
    return most_made;
}

TEST(large_results, are_sent_while_later_items_run) {
    for (const std::size_t megabytes : {1U, 3U})
        EXPECT_LE(most_at_once(megabytes * 1024 * 1024), 5);
}

} // namespace
} // namespace simulated
