// Who waits for items that take long, and what is said of the time that they take, on a clock that hangs on
// no machine.

#include <mpimap/serialization.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "one_map.hpp"

namespace simulated {
namespace {

constexpr seconds long_item = 1;
constexpr seconds short_item = 0.5e-3;

/// What only code of the user's can encode, on the root's main thread.
struct task_of {
    int item = 0;
    seconds length = 0;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& item& length;
    }
};
/// Gives the millisecond at which the item has ended.
struct work {
    int operator()(const task_of& x) const {
        world::now().compute(x.length);
        return static_cast<int>(world::now().nanoseconds() / 1'000'000);
    }
};

/// A rank in a long item gives back what waits behind it. The root, in a long item of its own, cannot encode
/// that again, and need not.
TEST(long_items, what_waits_behind_one_goes_to_others_while_the_root_is_in_another) {
    constexpr std::size_t chunk = 4;
    for (const int ranks : {3, 8}) {
        const std::size_t items = 3 * chunk * static_cast<std::size_t>(ranks);
        // At a chunk's end: what is behind it in a chunk of the root's own would wait.
        for (std::size_t at = chunk - 1; at < items; at += chunk) {
            SCOPED_TRACE(std::to_string(ranks) + " ranks, long items: 0 and " + std::to_string(at));
            std::vector<task_of> xs(items);
            for (std::size_t i = 0; i < items; ++i)
                xs[i] = {static_cast<int>(i), i == 0 || i == at ? long_item : short_item};
            const auto all =
                map_once(ranks, {.schedule = mpimap::schedule::dynamic, .chunk = chunk}, work(), xs);
            const auto waited =
                std::count_if(all.results.begin(), all.results.end(), [](int ended) { return ended > 500; });
            EXPECT_EQ(waited, 2);
        }
    }
}

/// Each look gives the core away where there are more ranks than cores.
TEST(long_items, are_not_each_followed_by_a_look_for_messages) {
    constexpr std::size_t items = 200;
    constexpr seconds length = 0.1e-3;
    std::vector<task_of> xs(items);
    for (std::size_t i = 0; i < items; ++i)
        xs[i] = {static_cast<int>(i), length};
    for (const auto schedule : {mpimap::schedule::static_, mpimap::schedule::dynamic}) {
        const auto all = map_once(2, {.schedule = schedule, .chunk = 100}, work(), xs);
        EXPECT_LT(all.looks_of_others, static_cast<long>(items / 2 * length / 1e-3) + 40);
    }
}

class busy_time : public mpimap::detail::call_watcher {
  public:
    explicit busy_time(seconds& sum) : sum_(sum) {}
    void ran(std::size_t, std::size_t, double seconds) noexcept override { sum_ += seconds; }

  private:
    seconds& sum_;
};

struct measures_itself {
    seconds operator()(const task_of& x) const {
        const auto begin = world::now().nanoseconds();
        world::now().compute(x.length);
        return 1e-9 * static_cast<seconds>(world::now().nanoseconds() - begin);
    }
};

/// Without the looks for messages between them, and what else a rank does there.
TEST(long_items, take_what_they_take_and_no_more) {
    using mpimap::schedule;
    constexpr std::size_t items = 240;
    std::vector<task_of> xs(items);
    for (std::size_t i = 0; i < items; ++i)
        xs[i] = {static_cast<int>(i), 1e-3 * static_cast<double>(1 + i * 7 % 5)};
    for (const schedule s :
         {schedule::automatic, schedule::static_, schedule::dynamic, schedule::guided, schedule::factoring}) {
        for (const int ranks : {1, 2, 8}) {
            SCOPED_TRACE(std::to_string(static_cast<int>(s)) + ", " + std::to_string(ranks) + " ranks");
            seconds busy = 0;
            mpimap::detail::call_watchers watchers;
            watchers.push_back(std::make_unique<busy_time>(busy));
            const auto all = map_once(ranks, {.schedule = s}, measures_itself(), xs, std::move(watchers));
            const seconds measured = std::accumulate(all.results.begin(), all.results.end(), 0.0);
            EXPECT_NEAR(busy / measured, 1, 1e-12);
        }
    }
}

} // namespace
} // namespace simulated
