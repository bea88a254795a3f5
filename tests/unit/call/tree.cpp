// Who passes on to whom: everybody gets it once, and nobody sends it often.

#include "call/tree.hpp"

#include <bit>
#include <cstddef>
#include <map>
#include <numeric>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <mpimap/errors.hpp>

namespace {

using namespace mpimap::detail;

TEST(tree, reaches_every_rank_once_in_few_steps) {
    for (const std::size_t n : {0U, 1U, 2U, 3U, 4U, 7U, 8U, 63U, 64U, 1000U}) {
        SCOPED_TRACE(n);
        std::vector<std::size_t> ranks(n);
        std::iota(ranks.begin(), ranks.end(), 5);
        const std::vector<hop> tree = tree_over(ranks);
        const std::size_t most = std::bit_width(n); // log2(n + 1), rounded up
        std::map<std::size_t, std::size_t> step_of; // when it has it
        std::size_t first = 0;
        for (const hop& h : tree) {
            if (h.first) {
                EXPECT_TRUE(step_of.emplace(h.rank, ++first).second);
            }
            ASSERT_TRUE(step_of.contains(h.rank)); // whoever sends comes ahead of those it sends to
            std::size_t step = step_of[h.rank];
            for (const std::size_t to : h.to)
                EXPECT_TRUE(step_of.emplace(to, ++step).second);
            EXPECT_LE(step, most);
        }
        EXPECT_LE(first, most);
        EXPECT_EQ(step_of.size(), n);
    }
}

TEST(tree, tells_ranks_whom_to_send_it_to) {
    writer out;
    write_ranks(out, {3, 0, 7});
    reader in(out.body().data(), out.body().size());
    EXPECT_EQ(read_ranks(in, 8), (std::vector<int>{3, 0, 7}));
    reader of_fewer(out.body().data(), out.body().size());
    EXPECT_THROW((void)read_ranks(of_fewer, 7), mpimap::serialization_error);
    reader cut(out.body().data(), out.body().size() - 1);
    EXPECT_THROW((void)read_ranks(cut, 8), mpimap::serialization_error);
}

} // namespace
