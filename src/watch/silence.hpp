#pragma once

// When a call stands still, and what is said of that: MPIMAP_WATCHDOG. Machines that are told the time, in
// seconds.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <mpimap/detail/job.hpp>

namespace mpimap::detail {

/// What MPIMAP_WATCHDOG asks for.
struct watchdog_settings {
    double seconds = 0; // of silence; 0: nothing is said
    bool ends = false;  // and the job with it
};
/// "60", "60,end", "0". `variable`: null where it is not set. Throws invalid_argument where it makes no
/// sense.
[[nodiscard]] watchdog_settings watchdog_of(const char* variable);
/// Of this process.
[[nodiscard]] watchdog_settings watchdog_here();
/// Of a call that waits for its ranks: a minute where the variable is not set, or makes no sense, of which it
/// will hear when it begins.
[[nodiscard]] watchdog_settings watchdog_at_start();

/// "rank 3", "ranks 1, 2, 5 to 9"; of ranges of numbers at most 16.
[[nodiscard]] std::string ranks_text(const std::vector<std::size_t>& sorted);

/// How long nothing has moved: no item was settled, handed out or begun, and no result came, in no call.
class silence {
  public:
    silence(double limit, double now) : limit_(limit), since_(now), looked_(now) {}

    void moved(double now) noexcept {
        since_ = looked_ = now;
        quiet_ = 0;
    }
    /// Whether it is long enough to be told of. What counts is the time in which this is asked: a process
    /// that was stopped is not to blame the others.
    [[nodiscard]] bool is_due(double now) noexcept;
    /// When it began: a call that stands still is told once for each.
    [[nodiscard]] double since() const noexcept { return since_; }

  private:
    double limit_;
    double since_;
    double looked_;
    double quiet_ = 0; // since then, as far as it was looked at
};

/// What is told of a call that stands still.
struct standstill {
    struct rank {
        std::size_t number = 0;
        item_range items;     // of which one runs
        std::size_t more = 0; // behind them
        double seconds = 0;
    };
    std::uint64_t call = 0;
    double seconds = 0;
    std::size_t ran = 0;
    std::optional<std::size_t> items; // of so many
    std::vector<rank> busy;
    std::vector<std::size_t> joining; // ranks that have not read its set-up
    std::vector<std::size_t> idle;
};

/// "mpimap: call 2: nothing has been settled for 60 s, 963 of 1000 items have run", and a line for each rank
/// that has items, those that have had them longest first, at most 16; and one for those that have none.
[[nodiscard]] std::string standstill_text(standstill s);

} // namespace mpimap::detail
