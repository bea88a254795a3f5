#pragma once

// How far a call is: told of what is settled, asked for what there is to show. Times are in seconds.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "call/settled.hpp"
#include "watch/pace.hpp"
#include "watch/progress_text.hpp"

namespace mpimap::detail {

class call_progress {
  public:
    /// `items`: nothing where there may be more to come. `costs`: of each item, or none.
    call_progress(std::uint64_t ordinal, std::optional<std::size_t> items, std::size_t ranks,
                  const std::vector<double>& costs, double now);

    void settled(const settled_items& what, double now);
    void over() noexcept {
        over_ = true;
        at_work_ = 0;
    }
    /// So many ranks have items of it.
    void at_work(std::size_t ranks) noexcept { at_work_ = ranks; }

    [[nodiscard]] progress_state state(double now) const;

  private:
    [[nodiscard]] double cost_of(item_range items) const;

    std::uint64_t ordinal_;
    std::optional<std::size_t> items_;
    std::size_t ranks_;
    std::vector<double> cost_before_; // of each item: that of all in front of it, and of all
    double begin_;
    std::size_t done_ = 0;
    std::size_t before_ = 0; // of these in an earlier program
    double cost_of_before_ = 0;
    std::size_t failed_ = 0;
    std::size_t not_run_ = 0;
    std::size_t at_work_ = 0;
    double cost_ = 0; // of what is settled
    recent_rate rate_;
    recent_rate cost_rate_;
    bool over_ = false;
};

/// Of calls that are under way at the same time. At least one.
[[nodiscard]] progress_state together(const std::vector<progress_state>& calls);

} // namespace mpimap::detail
