// Which calls are counted.

#include <mpimap/detail/call_ordinal.hpp>

#include <cstdint>
#include <thread>

#include <gtest/gtest.h>

#include <mpimap/detail/running_items.hpp>

namespace {

using mpimap::detail::next_call_ordinal;

struct items_run_here {
    mpimap::detail::call_facts call;
    mpimap::detail::running_items run{0, {}, call, nullptr, nullptr};
};

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
