#include "call/tree.hpp"

#include <cstdint>
#include <span>
#include <string>

#include <mpimap/codec.hpp>
#include <mpimap/errors.hpp>

namespace mpimap::detail {
namespace {

/// Whom a rank sends it to that is to reach all of `ranks`.
std::vector<std::size_t> halve(std::span<const std::size_t> ranks, bool first, std::vector<hop>& tree) {
    std::vector<std::size_t> to;
    while (!ranks.empty()) {
        const std::size_t half = (ranks.size() + 1) / 2;
        const std::size_t at = tree.size();
        to.push_back(ranks.front());
        tree.push_back({ranks.front(), first, {}});
        tree[at].to = halve(ranks.subspan(1, half - 1), false, tree);
        ranks = ranks.subspan(half);
    }
    return to;
}

} // namespace

std::vector<hop> tree_over(const std::vector<std::size_t>& ranks) {
    std::vector<hop> tree;
    tree.reserve(ranks.size());
    halve(ranks, true, tree);
    return tree;
}

void write_ranks(writer& out, const std::vector<std::size_t>& ranks) {
    out.length(ranks.size());
    for (const std::size_t rank : ranks)
        write_value(out, static_cast<std::int32_t>(rank));
}

std::vector<int> read_ranks(reader& in, int size) {
    std::vector<int> ranks(in.length(sizeof(std::int32_t)));
    for (int& rank : ranks) {
        rank = make_value<std::int32_t>(in);
        if (rank < 0 || rank >= size)
            throw serialization_error(
                "mpimap: a message that is damaged, or of another program: it names rank " +
                std::to_string(rank) + " of " + std::to_string(size));
    }
    return ranks;
}

} // namespace mpimap::detail
