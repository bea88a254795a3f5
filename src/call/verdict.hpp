#pragma once

#include <cstddef>
#include <string>

#include <mpimap/detail/job.hpp>
#include <mpimap/errors.hpp>

namespace mpimap::detail {

void write_failures(writer& out, const failures& failed);
[[nodiscard]] failures read_failures(reader& in);

/// How a failed call reaches the other ranks: the text, the counts and the first 64 failures.
void write_map_error(writer& out, const map_error& e);
[[nodiscard]] map_error read_map_error(reader& in);

/// The same of one that was cancelled: the text and the count of items that are done.
void write_cancelled(writer& out, const cancelled& e);
[[nodiscard]] cancelled read_cancelled(reader& in);
/// "the call was cancelled: 120 of 1000 items had run".
[[nodiscard]] cancelled cancelled_after(const std::string& why, completion done, std::size_t items);

/// What is thrown for the failures of a call, those first that no item caused.
[[nodiscard]] map_error verdict_of(failures failed, std::size_t items, completion done = {});

} // namespace mpimap::detail
