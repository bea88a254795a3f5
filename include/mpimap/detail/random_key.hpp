#pragma once

// What tells the random streams of a call from those of others.

#include <cstdint>
#include <optional>
#include <string>

namespace mpimap::detail {

/// What all random streams of a call have in common.
struct random_key {
    std::uint64_t seed = 0;
    std::uint64_t stream = 0; // a hash of the call's ordinal, or of its name
};

/// That of a call with this ordinal, or with this name, if it has one; none without a seed. Throws
/// invalid_argument where a call has neither.
[[nodiscard]] std::optional<random_key> random_key_of(const std::optional<std::uint64_t>& seed,
                                                      const std::string& name, std::uint64_t ordinal);

/// An item asks for random numbers in a call without a seed.
[[noreturn]] void throw_no_seed();

} // namespace mpimap::detail
