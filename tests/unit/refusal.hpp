#pragma once

#include <string>

#include <mpimap/errors.hpp>

namespace mpimap_test {

/// The text of the invalid_argument that the call throws.
template <typename Call>
std::string refusal(const Call& call) {
    try {
        call();
    } catch (const mpimap::invalid_argument& e) {
        return e.what();
    }
    return "nothing was thrown";
}

} // namespace mpimap_test
