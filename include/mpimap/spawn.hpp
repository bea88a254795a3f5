#pragma once

// Ranks for a program that nobody has started on several: how many.

#include <concepts>
#include <limits>
#include <utility>

namespace mpimap {

/// How many ranks a pool makes for itself, the root included, in a program that was started by hand:
///
///     mpimap::pool pool(mpimap::spawn{4});
///
/// See the constructor of `pool` that takes it.
struct spawn {
    /// Any integer; what makes no sense, pool's constructor says.
    template <std::integral T>
        requires(!std::same_as<T, bool>)
    constexpr explicit spawn(T n) noexcept
        : ranks(std::cmp_less(n, 0) ? -1
                                    : static_cast<int>(std::cmp_less(n, std::numeric_limits<int>::max())
                                                           ? n
                                                           : std::numeric_limits<int>::max())) {}

    int ranks;
};

} // namespace mpimap
