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
namespace {
constexpr std::size_t most_named = 16; // that are named
}

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

bool silence::is_due(double now) noexcept {
    constexpr double standstill = 0.5;
    quiet_ += std::clamp(now - looked_, 0.0, standstill);
    looked_ = now;
    return quiet_ >= limit_;
}

std::string ranks_text(const std::vector<std::size_t>& sorted) {
    std::string text;
    std::size_t ranges = 0;
    for (std::size_t i = 0; i < sorted.size();) {
        if (++ranges > most_named)
            return "ranks " + text + " and " + std::to_string(sorted.size() - i) + " more";
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
    std::string text = "mpimap: ";
    if (s.call != 0)
        text += "call " + std::to_string(s.call) + ": ";
    text += "nothing has been settled for " + time_text(s.seconds) + ", " + std::to_string(s.ran);
    if (s.items)
        text += " of " + std::to_string(*s.items);
    text += s.items.value_or(s.ran) == 1 ? " item has run\n" : " items have run\n";
    std::stable_sort(s.busy.begin(), s.busy.end(),
                     [](const auto& a, const auto& b) { return a.seconds > b.seconds; });
    for (std::size_t i = 0; i < std::min(most_named, s.busy.size()); ++i) {
        const standstill::rank& r = s.busy[i];
        text += "  rank " + std::to_string(r.number) + " has had " + items_text(r.items);
        if (r.more != 0)
            text += ", and " + std::to_string(r.more) + " more,";
        text += " for " + time_text(r.seconds) + "\n";
    }
    if (s.busy.size() > most_named)
        text += "  and " + std::to_string(s.busy.size() - most_named) + " more\n";
    const auto others = [&text](const std::vector<std::size_t>& ranks, const char* what) {
        if (!ranks.empty())
            text += "  " + ranks_text(ranks) + (ranks.size() == 1 ? " has " : " have ") + what + "\n";
    };
    others(s.joining, "not read the call yet");
    others(s.idle, "none");
    return text;
}

} // namespace mpimap::detail
