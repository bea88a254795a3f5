#pragma once

// All memory that this program asks for, in a file of its own: a compiler that sees both ends takes them for
// a mistake.

#include <cstddef>

namespace damaged {

/// Bytes, since it was set to 0.
extern std::size_t largest_allocation;

} // namespace damaged
