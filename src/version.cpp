#include <mpimap/version.hpp>

namespace mpimap {

const char* version() noexcept {
    return MPIMAP_VERSION;
}

} // namespace mpimap
