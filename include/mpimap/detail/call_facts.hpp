#pragma once

// What whoever runs items of a call knows of it besides function and arguments: it travels with the bounds.

#include <cstdint>
#include <optional>
#include <string>

#include <mpimap/detail/random_key.hpp>
#include <mpimap/options.hpp>

namespace mpimap::detail {

class reader;
class writer;

struct call_facts {
    std::uint64_t ordinal = 0;          // see next_call_ordinal(); 0 where it is not counted
    int root = 0;                       // the rank that makes it
    double item_timeout = 0;            // seconds; 0: none
    std::optional<random_key> key = {}; // of the items' random streams
    // Where a rank that dies in an item adds a line: a file, and what the line begins with. Empty where
    // nobody wants to know it later.
    std::string deaths = {};
    std::string death_of = {};
};

void write_facts(writer& out, const call_facts& facts);
[[nodiscard]] call_facts read_facts(reader& in);

/// Throws invalid_argument as random_key_of does.
[[nodiscard]] call_facts facts_of_call(const options& o, std::uint64_t ordinal, int root);

} // namespace mpimap::detail
