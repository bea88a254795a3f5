#pragma once

namespace mpimap {

/// The version of the library that was linked, as "major.minor.patch".
[[nodiscard]] const char* version() noexcept;

} // namespace mpimap
