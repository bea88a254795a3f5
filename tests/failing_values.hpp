#pragma once

// Values of which one cannot be encoded, or decoded.

#include <stdexcept>

namespace mpimap_test {

struct fails_to_save {
    int value = 0;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        if (Archive::is_saving::value && value == 3)
            throw std::runtime_error("will not be saved");
        ar& value;
    }
};

struct fails_to_load {
    int value = 0;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& value;
        if (Archive::is_loading::value && value == 3)
            throw std::runtime_error("will not be loaded");
    }
};

} // namespace mpimap_test
