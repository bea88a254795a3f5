#pragma once

// What the ranks did, and when, as Chrome's trace events: a machine that is told the time, in seconds.
// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <mpimap/detail/job.hpp>

#include "call/watcher.hpp"

namespace mpimap::detail {

class trace {
  public:
    /// `most`: events that are kept. Of more it is those of every second, fourth ... group.
    explicit trace(std::size_t most) : most_(most) {}

    /// A line of the picture: a rank, or a thread of one, whose intervals do not overlap.
    using track = std::size_t;
    /// The one with that number on that host, made where there is none yet. That which is made first has the
    /// clock that all are shown by.
    [[nodiscard]] track track_of(std::uint64_t number, std::string_view name, std::string_view host);

    /// A message left the first track at `asked`, and was there at `noticed` on the other's clock; one from
    /// there left at `sent`, and was here at `received`. The clocks differ by something in between.
    void exchanged(track t, double asked, double noticed, double sent, double received);
    /// The same moment, by the track's clock.
    [[nodiscard]] double there(track t, double here) const { return here + offset(tracks_[t]); }

    /// What follows belongs together, and is kept or left out together.
    void begin_group() noexcept { ++group_; }
    /// From what was told last it did that, by its own clock; what overlaps with what was told before is left
    /// out.
    void did(track t, activity what, std::uint64_t call, item_range items, double end);
    /// The same of a moment: what comes next begins not before.
    void begins(track t, double at);

    [[nodiscard]] std::size_t events() const noexcept { return events_.size(); }
    /// All of it, as JSON, piece by piece.
    void write(const std::function<void(std::string_view)>& out) const;

  private:
    struct line {
        std::uint64_t number;
        std::string name;
        std::size_t host;
        // How much its clock is ahead of the first one's: between these.
        double least = -std::numeric_limits<double>::infinity();
        double most = std::numeric_limits<double>::infinity();
        double until = 0;
    };
    struct event {
        double begin;
        double end;
        std::uint64_t call;
        item_range items;
        std::size_t group;
        std::uint32_t line;
        activity what;
    };
    [[nodiscard]] double offset(const line& l) const;

    std::size_t most_;
    std::size_t stride_ = 1;
    std::size_t group_ = 0;
    std::vector<std::string> hosts_;
    std::vector<line> tracks_;
    std::vector<event> events_;
};

} // namespace mpimap::detail
