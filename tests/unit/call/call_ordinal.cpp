// Which calls are counted.

#include <mpimap/detail/call_ordinal.hpp>

#include <cstdint>
#include <thread>

#include <gtest/gtest.h>

namespace {

using mpimap::detail::items_run_here;
using mpimap::detail::next_call_ordinal;

} // namespace

TEST(call_ordinal, counts_from_one) {
    EXPECT_EQ(next_call_ordinal(), 1U);
    EXPECT_EQ(next_call_ordinal(), 2U);
}

TEST(call_ordinal, leaves_calls_of_items_out) {
    const std::uint64_t before = next_call_ordinal();
    {
        const items_run_here outer;
        EXPECT_EQ(next_call_ordinal(), 0U);
        {
            const items_run_here inner;
            EXPECT_EQ(next_call_ordinal(), 0U);
        }
        EXPECT_EQ(next_call_ordinal(), 0U);
        std::thread([before] { EXPECT_EQ(next_call_ordinal(), before + 1); }).join();
    }
    EXPECT_EQ(next_call_ordinal(), before + 2);
}
