#pragma once

#include <mpimap/detail/job.hpp>
#include <mpimap/errors.hpp>

namespace mpimap::detail {

void write_failures(writer& out, const failures& failed);
[[nodiscard]] failures read_failures(reader& in);

/// How a failed call reaches the other ranks: the text, the counts and the first 64 failures.
void write_map_error(writer& out, const map_error& e);
[[nodiscard]] map_error read_map_error(reader& in);

/// What is thrown for the failures of a call, those first that no item caused.
[[nodiscard]] map_error verdict_of(failures failed, std::size_t items);

} // namespace mpimap::detail
