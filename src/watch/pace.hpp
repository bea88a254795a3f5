#pragma once

// When progress is shown, and how fast it was lately: machines that are told the time, in seconds.

#include <cstddef>
#include <deque>
#include <optional>

namespace mpimap::detail {

/// The rate of the last minutes: a sample a second at most.
class recent_rate {
  public:
    explicit recent_rate(double begin) : samples_{{begin, 0}} {}
    /// `amount` in all, by now: items, or what they cost.
    void note(double now, double amount);
    /// Per second; 0 where too little is known.
    [[nodiscard]] double per_second(double now) const;

  private:
    struct sample {
        double time;
        double amount;
    };
    double amount_ = 0;
    std::deque<sample> samples_; // never none
};

/// For a log: a line when a tenth more is done and a minute has passed, and every half hour in any case.
class pace_of_lines {
  public:
    explicit pace_of_lines(double begin) : last_(begin) {}
    /// `items`: of how many, where that is known. Says yes once.
    [[nodiscard]] bool is_due(double now, std::size_t settled, std::optional<std::size_t> items);
    /// Whether anything was said, so that the end is worth a line, too.
    [[nodiscard]] bool has_spoken() const noexcept { return has_spoken_; }

  private:
    double last_;
    std::size_t settled_ = 0;
    bool has_spoken_ = false;
};

/// For a terminal: ten times a second at most where something has changed, otherwise once, for the clock.
class pace_of_bar {
  public:
    explicit pace_of_bar(double begin) : last_(begin) {}
    /// Says yes once.
    [[nodiscard]] bool is_due(double now, std::size_t settled);
    /// Whether anything is shown: not of what has ended by then.
    [[nodiscard]] bool has_shown() const noexcept { return settled_.has_value(); }

  private:
    double last_;
    std::optional<std::size_t> settled_; // when it was shown last
};

} // namespace mpimap::detail
