#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <mpimap/detail/stream.hpp>

namespace mpimap::detail {

// Pointers to functions and members are values of one process: under address space layout randomisation
// another rank has the same code elsewhere. They travel as (module, offset); a virtual member function as its
// slot in the virtual table, a data member as its offset in the class, which both are the same everywhere.
// With a hash of the token: nobody jumps to where a damaged one points.

/// Writes the pointer stored at `pointer`, or the name of what it points to: writer::name_functions. Throws
/// invalid_argument when it points into no loaded module.
void write_code_pointer(writer& out, const void* pointer, std::size_t size, bool data_member,
                        bool member_function);

/// Reads it into `pointer`. Throws serialization_error when this process has not loaded the module, when the
/// module is shorter, and when what was written has been damaged.
void read_code_pointer(reader& in, void* pointer, std::size_t size, bool data_member, bool member_function);

/// The same for a constant of `size` bytes.
void write_address(writer& out, const void* constant);
[[nodiscard]] const void* read_address(reader& in, std::size_t size);

/// What the build that a function or a constant is of is known by. Throws invalid_argument where the address
/// is in no loaded module.
[[nodiscard]] std::uint64_t identity_of_module(std::uintptr_t address);

/// The running program: what all its copies have in common, and what to call it.
struct program {
    std::uint64_t identity = 0;
    std::string name; // path and build id
};
[[nodiscard]] program this_program();

} // namespace mpimap::detail
