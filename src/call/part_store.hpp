#pragma once

// Which functions and constants the other ranks of a pool have, known by their content.

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include <mpimap/detail/content.hpp>

#include "call/roster.hpp"
#include "wire/transport.hpp"

namespace mpimap::detail {

/// A part that some ranks have been sent.
struct stored_part {
    std::uint64_t store = 0; // whose it is
    part_number number = no_part;
    content key;
    std::size_t bytes = 0;
    std::vector<bool> at;       // ranks that have it
    std::shared_ptr<void> copy; // the root's own, where it outlives calls
};

/// Parts stay until others need the room, those in use in any case. What goes is forgotten on every rank.
class part_store {
  public:
    part_store(transport& messages, const roster& ranks, std::size_t most_bytes);

    /// Of which there is one in the process.
    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

    /// The part with this content, known already or new.
    [[nodiscard]] std::shared_ptr<stored_part> find_or_add(const content& key, std::size_t bytes);
    /// A part that no content leads to.
    [[nodiscard]] std::shared_ptr<stored_part> add(std::size_t bytes);
    /// Unless it has it. A large part goes at once to up to `others` that are idle, down a tree: each rank
    /// sends it on to some others before it does anything else, this one to log2 of their number.
    void send(stored_part& part, std::size_t rank, const std::shared_ptr<const writer>& encoded,
              std::size_t others = 0);
    /// Where a rank could make nothing of it, the next call shall send it anew.
    void drop(stored_part& part);
    /// Forgets what nobody has used for longest, down to the bound.
    void tidy();

  private:
    void send_here(const stored_part& part, std::size_t rank, const std::shared_ptr<const writer>& encoded);
    void forget(stored_part& part);

    std::uint64_t number_;
    transport& messages_;
    const roster& ranks_;
    std::size_t most_bytes_;
    std::size_t bytes_ = 0;
    std::uint64_t last_number_ = 0;
    std::list<std::shared_ptr<stored_part>> parts_; // the most recently used first
    std::map<content, std::list<std::shared_ptr<stored_part>>::iterator> by_content_;
};

} // namespace mpimap::detail
