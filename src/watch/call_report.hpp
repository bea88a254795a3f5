#pragma once

// What a call took: adds up what it is told. Times are in seconds.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <mpimap/report.hpp>

#include "call/settled.hpp"

namespace mpimap::detail {

class call_report {
  public:
    call_report(std::size_t ranks, double now) : begin_(now) { all_.ranks.resize(ranks); }

    /// So many items ran there, in so many seconds together.
    void ran(std::size_t rank, std::size_t items, double seconds);
    void settled(const settled_items& what, double now);
    void sent(std::size_t bytes) { all_.bytes_sent += bytes; }
    void received(std::size_t bytes) { all_.bytes_received += bytes; }

    /// Without the arguments of the slowest.
    [[nodiscard]] const report& so_far() const noexcept { return all_; }

  private:
    void note(std::size_t item, double seconds, int rank);

    double begin_;
    report all_;
};

} // namespace mpimap::detail
