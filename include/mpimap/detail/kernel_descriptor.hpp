#pragma once

#include <cstdint>
#include <memory>

#include <mpimap/detail/job.hpp>

namespace mpimap::detail {

/// What makes the kernel of a call on another rank. Constant, so that its place in its module is the same on
/// every rank, and as many as there are kernels: two closures in two files may share a name.
struct kernel_descriptor {
    static constexpr std::uint64_t expected_magic = 0x6d70696d61703031; // "mpimap01"
    std::uint64_t magic = expected_magic;
    const char* type;
    std::unique_ptr<kernel> (*make)(int rank, int size);
};

template <typename Kernel>
constexpr const char* kernel_type() {
    return __PRETTY_FUNCTION__;
}
template <typename Kernel>
std::unique_ptr<kernel> make_kernel(int rank, int size) {
    return std::make_unique<Kernel>(place{rank, size});
}
template <typename Kernel>
inline constexpr kernel_descriptor descriptor_of{kernel_descriptor::expected_magic, kernel_type<Kernel>(),
                                                 &make_kernel<Kernel>};

/// Throws serialization_error where this rank has no such descriptor.
void write_descriptor(writer& out, const kernel_descriptor& d);
[[nodiscard]] const kernel_descriptor& read_descriptor(reader& in);

} // namespace mpimap::detail
