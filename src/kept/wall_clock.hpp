#pragma once

#include <chrono>

namespace mpimap::detail {

[[nodiscard]] inline double seconds_since_1970() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

} // namespace mpimap::detail
