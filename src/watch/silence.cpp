#include "watch/silence.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>

#include <mpimap/errors.hpp>

#include "watch/progress_text.hpp"

namespace mpimap::detail {

watchdog_settings watchdog_of(const char* variable) {
    if (variable == nullptr || *variable == '\0')
        return {};
    watchdog_settings s;
    const char* const end = variable + std::strlen(variable);
    const auto [at, error] = std::from_chars(variable, end, s.seconds);
    const std::string_view rest(at, static_cast<std::size_t>(end - at));
    s.ends = rest == ",end";
    if (error != std::errc() || !std::isfinite(s.seconds) || s.seconds < 0 || !(rest.empty() || s.ends)) {
        throw invalid_argument("mpimap: MPIMAP_WATCHDOG=" + std::string(variable) +
                               ": give seconds, such as 60, or 60,end to end the job then; 0 for nothing");
    }
    return s;
}

watchdog_settings watchdog_here() {
    return watchdog_of(std::getenv("MPIMAP_WATCHDOG"));
}

watchdog_settings watchdog_at_start() {
    constexpr watchdog_settings usual{.seconds = 60};
    const char* const variable = std::getenv("MPIMAP_WATCHDOG");
    try {
        return variable == nullptr || *variable == '\0' ? usual : watchdog_of(variable);
    } catch (const invalid_argument&) {
        return usual;
    }
}

bool silence::is_due(double now, bool under_way) noexcept {
    constexpr double standstill = 0.5;
    quiet_ += std::min(now - looked_, standstill);
    looked_ = now;
    if (!under_way) {
        moved(now); // what comes next is something new
        return false;
    }
    if (said_ || quiet_ < limit_)
        return false;
    return said_ = true;
}

namespace {

std::string items_text(item_range items) {
    return items.count == 1
               ? "item " + std::to_string(items.first)
               : "items " + std::to_string(items.first) + " to " + std::to_string(items.end() - 1);
}

} // namespace

std::string ranks_text(const std::vector<std::size_t>& sorted) {
    std::string text;
    for (std::size_t i = 0; i < sorted.size();) {
        std::size_t last = i;
        while (last + 1 < sorted.size() && sorted[last + 1] == sorted[last] + 1)
            ++last;
        text += (text.empty() ? "" : ", ") + std::to_string(sorted[i]);
        if (last != i)
            text += (last == i + 1 ? ", " : " to ") + std::to_string(sorted[last]);
        i = last + 1;
    }
    return (sorted.size() == 1 ? "rank " : "ranks ") + text;
}

std::string standstill_text(standstill s) {
    constexpr std::size_t most = 16;
    std::string text = "mpimap: ";
    if (s.call != 0)
        text += "call " + std::to_string(s.call) + ": ";
    text += "nothing has been settled for " + time_text(s.seconds) + ", " + std::to_string(s.ran);
    if (s.items)
        text += " of " + std::to_string(*s.items);
    text += s.items.value_or(s.ran) == 1 ? " item has run\n" : " items have run\n";
    std::stable_sort(s.busy.begin(), s.busy.end(),
                     [](const auto& a, const auto& b) { return a.seconds > b.seconds; });
    for (std::size_t i = 0; i < std::min(most, s.busy.size()); ++i) {
        const standstill::rank& r = s.busy[i];
        text += "  rank " + std::to_string(r.number) + " has had " + items_text(r.items) + " for " +
                time_text(r.seconds) + "\n";
    }
    if (s.busy.size() > most)
        text += "  and " + std::to_string(s.busy.size() - most) + " more\n";
    const auto others = [&text](const std::vector<std::size_t>& ranks, const char* what) {
        if (!ranks.empty())
            text += "  " + ranks_text(ranks) + (ranks.size() == 1 ? " has " : " have ") + what + "\n";
    };
    others(s.missing, "not come to the call");
    others(s.idle, "none");
    return text;
}

} // namespace mpimap::detail
