#pragma once

// What the ranks did in a call, for MPIMAP_TRACE.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "call/watcher.hpp"

namespace mpimap::detail {

struct communicator_state;

/// Of all calls of this process; one file.
class trace_file;
/// What MPIMAP_TRACE names; null where it is not set. Throws invalid_argument where that cannot be written.
[[nodiscard]] trace_file* trace_file_here();

class traced_call : public call_watcher {
  public:
    /// `pooled`: ranks have other calls, too.
    traced_call(trace_file& file, std::uint64_t ordinal, const communicator_state& where, bool pooled);

    [[nodiscard]] bool wants_times() const noexcept override { return true; }
    void spent(activity what, item_range items, double begin, double end) noexcept override;
    void answered(std::size_t rank, const wire::results& r) noexcept override;
    void look(const owner& state) noexcept override;
    void over(root_job* job) noexcept override;

  private:
    trace_file& file_;
    std::uint64_t ordinal_;
    std::shared_ptr<const std::vector<int>> numbers_; // of the ranks, in MPI_COMM_WORLD
    std::size_t root_;
    bool pooled_;
    double begin_;
    std::thread::id main_thread_;
    std::unordered_map<std::size_t, std::size_t> tracks_; // of ranks that have answered
};

} // namespace mpimap::detail
