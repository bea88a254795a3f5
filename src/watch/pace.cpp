#include "watch/pace.hpp"

#include <algorithm>

namespace mpimap::detail {
namespace {

constexpr double minute = 60;

} // namespace

void recent_rate::note(double now, double amount) {
    constexpr double window = 3 * minute;
    amount_ = amount;
    if (now - samples_.back().time < 1)
        return;
    samples_.push_back({now, amount});
    // One that is older stays: the window begins in front of it.
    while (samples_.size() > 2 && now - samples_[1].time >= window)
        samples_.pop_front();
}

double recent_rate::per_second(double now) const {
    const sample& first = samples_.front();
    return now <= first.time ? 0 : std::max(0.0, amount_ - first.amount) / (now - first.time);
}

bool pace_of_lines::is_due(double now, std::size_t settled, std::optional<std::size_t> items) {
    constexpr double half_an_hour = 30 * minute;
    const double more = static_cast<double>(settled) - static_cast<double>(settled_);
    const double tenth = static_cast<double>(items.value_or(settled_)) / 10;
    const bool moved = more > 0 && more >= tenth && now - last_ >= minute;
    if (!moved && now - last_ < half_an_hour)
        return false;
    last_ = now;
    settled_ = settled;
    has_spoken_ = true;
    return true;
}

bool pace_of_bar::is_due(double now, std::size_t settled) {
    const double since = now - last_;
    if (since < 0.1 || (settled == settled_ && since < 1))
        return false;
    last_ = now;
    settled_ = settled;
    return true;
}

} // namespace mpimap::detail
