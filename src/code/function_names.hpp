#pragma once

// What functions and types are called, the same in each build of a program.

#include <cstdint>
#include <string>

namespace mpimap::detail {

/// A name as a programmer writes it; what is none stays as it is.
[[nodiscard]] std::string demangled(const char* name);

/// The symbol of the function that begins at that address: of the tables that loaded modules have in memory,
/// or of the whole one in their files, if it names one function only. Without such a symbol where it lies:
/// "+0x1139 in build 4e1243bd22c66e76", which holds for that build only.
[[nodiscard]] std::string name_of_function(std::uintptr_t address);

} // namespace mpimap::detail
