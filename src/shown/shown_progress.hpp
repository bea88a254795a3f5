#pragma once

// The progress of a call on this process's standard error.

#include <cstddef>
#include <vector>

#include "call/watcher.hpp"
#include "clock.hpp"
#include "watch/call_progress.hpp"
#include "watch/display.hpp"

namespace mpimap::detail {

/// What the environment and the option come to here; throws invalid_argument as style_of_progress does.
[[nodiscard]] progress_style style_of_progress_here(bool wanted);

/// From here to its end the call is shown, together with others that are shown.
class shown_progress : public call_watcher {
  public:
    shown_progress(progress_style style, root_job& job, const std::vector<double>& costs, std::size_t ranks);
    ~shown_progress() override;
    shown_progress(const shown_progress&) = delete;
    shown_progress& operator=(const shown_progress&) = delete;

    void settled(const settled_items& what) noexcept override;
    void look(const owner& state) noexcept override;

  private:
    call_progress call_;
    clock::time_point looked_;
};

} // namespace mpimap::detail
