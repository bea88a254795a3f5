#include <mpimap/detail/kernel_descriptor.hpp>

#include <cstdint>
#include <string>

#include <mpimap/codec.hpp>
#include <mpimap/detail/code_token.hpp>
#include <mpimap/errors.hpp>

#include "errors/text.hpp"

namespace mpimap::detail {

void write_descriptor(writer& out, const kernel_descriptor& d) {
    write_address(out, &d);
    write_value(out, std::string(d.type));
}

const kernel_descriptor& read_descriptor(reader& in) {
    const auto* const d = static_cast<const kernel_descriptor*>(read_address(in, sizeof(kernel_descriptor)));
    const auto type = make_value<std::string>(in);
    if (reinterpret_cast<std::uintptr_t>(d) % alignof(kernel_descriptor) != 0 ||
        d->magic != kernel_descriptor::expected_magic || type != d->type) {
        throw serialization_error("mpimap: this rank's program differs from the root's: " +
                                  cut_text(type, longest_type) + " is not where it is there");
    }
    return *d;
}

} // namespace mpimap::detail
