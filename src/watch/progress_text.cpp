#include "watch/progress_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace mpimap::detail {
namespace {

/// Whole per cent, rounded down: 100 is when all of it is there.
std::size_t percent(const progress_state& s) {
    if (!s.items || *s.items == 0)
        return 100;
    return static_cast<std::size_t>(100 * static_cast<long double>(std::min(s.settled(), *s.items)) /
                                    static_cast<long double>(*s.items));
}

std::string count_text(std::size_t n, const char* what) {
    return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

} // namespace

std::string items_text(item_range items) {
    return items.count == 1
               ? "item " + std::to_string(items.first)
               : "items " + std::to_string(items.first) + " to " + std::to_string(items.end() - 1);
}

std::string time_text(double seconds) {
    struct unit {
        double length;
        const char* name;
    };
    static constexpr std::array<unit, 4> units{{{86400, " d"}, {3600, " h"}, {60, " min"}, {1, " s"}}};
    double rest = std::max(0.0, std::round(seconds));
    for (std::size_t i = 0; i + 1 < units.size(); ++i) {
        if (rest < units[i].length)
            continue;
        const double whole = std::floor(rest / units[i].length);
        const double parts = std::floor((rest - whole * units[i].length) / units[i + 1].length);
        char text[64];
        if (parts == 0) {
            std::snprintf(text, sizeof text, "%.0f%s", whole, units[i].name);
        } else {
            std::snprintf(text, sizeof text, "%.0f%s %.0f%s", whole, units[i].name, parts, units[i + 1].name);
        }
        return text;
    }
    char text[32];
    std::snprintf(text, sizeof text, "%.0f s", rest);
    return text;
}

std::string rate_text(double per_second) {
    static constexpr std::array<const char*, 4> names{"", " k", " M", " G"};
    std::size_t i = 0;
    while (i + 1 < names.size() && per_second >= 999.5) {
        per_second /= 1000;
        ++i;
    }
    char text[32];
    std::snprintf(text, sizeof text, "%.3g%s", per_second, names[i]);
    return text;
}

std::string progress_line(const progress_state& s) {
    std::string text = "mpimap: ";
    if (s.calls != 1) {
        text += std::to_string(s.calls) + " calls: ";
    } else if (s.call != 0) {
        text += "call " + std::to_string(s.call) + ": ";
    }
    if (s.items) {
        text += std::to_string(s.settled()) + " of " + count_text(*s.items, "item") + " (" +
                std::to_string(percent(s)) + " %)";
    } else {
        text += count_text(s.settled(), "item");
    }
    if (s.over) {
        text += " in " + time_text(s.seconds);
        if (s.failed != 0)
            text += ", " + std::to_string(s.failed) + " failed";
        return text;
    }
    if (s.failed != 0)
        text += ", " + std::to_string(s.failed) + " failed";
    if (s.rate > 0)
        text += ", " + rate_text(s.rate) + " items/s";
    text += ", " + std::to_string(s.at_work) + " of " + count_text(s.ranks, "rank") + " at work";
    if (s.left)
        text += ", " + time_text(*s.left) + " left";
    return text;
}

std::string progress_bar(const progress_state& s, std::size_t width) {
    constexpr std::size_t least_bar = 10; // with its ends
    constexpr std::size_t most_bar = 42;
    width = std::max<std::size_t>(width, 20);

    // In the order in which there is room for them; shown in another.
    const std::string count =
        " " + std::to_string(s.settled()) + (s.items ? "/" + std::to_string(*s.items) : "");
    const std::string failed = s.failed == 0 ? "" : " " + std::to_string(s.failed) + " failed";
    const std::string last = s.over   ? " in " + time_text(s.seconds)
                             : s.left ? " " + time_text(*s.left) + " left"
                                      : "";
    const std::string rate = s.over || s.rate <= 0 ? "" : " " + rate_text(s.rate) + "/s";
    const std::string ranks =
        s.over ? "" : " " + std::to_string(s.at_work) + "/" + std::to_string(s.ranks) + " ranks";
    const std::string calls = s.calls == 1 ? "" : " " + std::to_string(s.calls) + " calls";
    const std::array<const std::string*, 6> by_weight{&count, &failed, &last, &rate, &ranks, &calls};
    const std::array<const std::string*, 6> in_order{&calls, &count, &failed, &rate, &ranks, &last};
    const std::size_t smallest = s.items ? least_bar : 0;
    std::size_t room = width - smallest;
    std::array<bool, 6> shown{};
    for (const std::string* part : by_weight) {
        if (part->size() > room)
            break;
        room -= part->size();
        shown[static_cast<std::size_t>(std::find(in_order.begin(), in_order.end(), part) -
                                       in_order.begin())] = true;
    }

    std::string text;
    if (s.items) {
        const std::size_t inside = std::min(smallest + room, most_bar) - 2;
        const std::size_t full = inside * percent(s) / 100;
        text = "[" + std::string(full, '#') + std::string(inside - full, '.') + "]";
    }
    for (std::size_t i = 0; i < in_order.size(); ++i) {
        if (shown[i])
            text += *in_order[i];
    }
    text.resize(width, ' ');
    return text;
}

} // namespace mpimap::detail
