#include <mpimap/detail/random_key.hpp>

#include <mpimap/errors.hpp>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace mpimap::detail {

std::optional<random_key> random_key_of(const std::optional<std::uint64_t>& seed, const std::string& name,
                                        std::uint64_t ordinal) {
    if (!seed)
        return std::nullopt;
    if (name.empty() && ordinal == 0) {
        throw invalid_argument(
            "mpimap: a call that an item makes has no number by which its random streams differ from others: "
            "give options::stream a name, and options::seed a number of the item's own, such as "
            "task::random()()");
    }
    // An empty text with the ordinal as the seed of the hash: one to one, so no two calls share a key.
    return random_key{*seed, XXH3_64bits_withSeed(name.data(), name.size(), name.empty() ? ordinal : 0)};
}

void throw_no_seed() {
    throw invalid_argument(
        "mpimap: task::random() needs a seed: give the call one, as in mpi_map(world, {.seed = 42}, f, xs), "
        "or pool_options::seed for submit");
}

} // namespace mpimap::detail
