#pragma once

// Not all items of a call are to be run: the others have their results from an earlier one. No MPI, no clock.

#include <cstddef>
#include <memory>
#include <vector>

#include <mpimap/errors.hpp>

#include "fifo.hpp"
#include "schedule/schedule.hpp"

namespace mpimap::detail {

/// Hands out some items of a call by a schedule that knows only how many they are.
class some_items final : public item_schedule {
  public:
    /// `items`: in order, with gaps between them; `schedule` was made for as many.
    /// `last`: others, in order, of which each is handed out by itself when the schedule has no more.
    some_items(std::unique_ptr<item_schedule> schedule, const std::vector<index_range>& items,
               std::size_t ranks, const std::vector<item_range>& last = {});

    /// By the schedule that the options ask for: items in order, some of which come last.
    [[nodiscard]] static scheduled_items of(const options& o, const std::vector<index_range>& items,
                                            const std::vector<item_range>& last, std::size_t ranks,
                                            std::size_t bytes_per_item, std::size_t granularity);

    [[nodiscard]] item_range next(std::size_t rank, const measurements& m) override;
    [[nodiscard]] bool empty(std::size_t rank) const override;
    [[nodiscard]] bool decided() const override { return schedule_->decided(); }
    [[nodiscard]] std::size_t portion(std::size_t count, const measurements& m) override {
        return schedule_->portion(count, m);
    }
    [[nodiscard]] bool makes_portions() const override { return schedule_->makes_portions(); }
    void note(item_range items, double seconds) override;
    [[nodiscard]] bool takes_notes() const override { return schedule_->takes_notes(); }
    [[nodiscard]] bool knows_costs() const override { return schedule_->knows_costs(); }
    [[nodiscard]] double expected() const override { return schedule_->expected(); }

  private:
    struct range {
        item_range items;
        std::size_t before; // how many of the call's are in the ranges before it
    };
    /// Chunks that reach over a gap come in parts: those behind the first one, of the rank that is to have
    /// them, or of anybody's.
    [[nodiscard]] std::size_t share_of(std::size_t rank) const { return decided() ? rank : 0; }

    std::unique_ptr<item_schedule> schedule_;
    std::vector<range> ranges_;
    std::vector<fifo<item_range>> rests_;
    std::vector<fifo<std::size_t>> last_; // likewise
};

} // namespace mpimap::detail
