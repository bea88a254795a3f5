#pragma once

// What a call took, for the program or on this process's standard error.

#include <cstddef>
#include <cstdint>

#include "call/watcher.hpp"
#include "watch/call_report.hpp"

namespace mpimap::detail {

/// MPIMAP_REPORT: anything but 0.
[[nodiscard]] bool prints_reports() noexcept;

class shown_report : public call_watcher {
  public:
    /// `to`: null where nobody has asked for it; outlives the call.
    shown_report(std::uint64_t ordinal, std::size_t ranks, report* to, bool prints);

    void settled(const settled_items& what) noexcept override;
    void ran(std::size_t rank, std::size_t items, double seconds) noexcept override;
    void sent(std::size_t, std::size_t bytes, bool) noexcept override { call_.sent(bytes); }
    void received(std::size_t bytes) noexcept override { call_.received(bytes); }
    void over(root_job* job) noexcept override;

  private:
    std::uint64_t ordinal_;
    call_report call_;
    report* to_;
    bool prints_;
};

} // namespace mpimap::detail
