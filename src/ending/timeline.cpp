#include "ending/timeline.hpp"

#include <algorithm>

namespace mpimap::detail {

std::size_t timeline::began(double now, const call& c) {
    calls_.emplace(next_, under_way{now, c});
    return next_++;
}

double timeline::margin() const {
    std::optional<double> longest;
    for (const auto& [key, c] : calls_) {
        if (c.says.margin)
            longest = std::max(longest.value_or(0), *c.says.margin);
    }
    return longest.value_or(margin_);
}

std::optional<double> timeline::gives_up_at() const {
    constexpr double at_least = 1;
    std::optional<double> first;
    for (const auto& [key, c] : calls_) {
        const auto at = [&first, &c = c](double time) {
            time = std::max(time, c.began + at_least) + c.says.patience;
            first = first ? std::min(*first, time) : time;
        };
        if (c.says.ends)
            at(*c.says.ends);
        if (ends_)
            at(*ends_);
        if (asked_)
            at(*asked_ + margin());
    }
    return first;
}

} // namespace mpimap::detail
