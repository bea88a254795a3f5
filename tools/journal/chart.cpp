#include "chart.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <initializer_list>

#include "output.hpp"
#include "watch/progress_text.hpp"

namespace mpimap::journal_command {
namespace {

constexpr double width = 920;
constexpr double height = 200;
constexpr double left = 64; // of what is drawn
constexpr double right = 12;
constexpr double top = 22;
constexpr double bottom = 34;
constexpr double plot_width = width - left - right;
constexpr double plot_height = height - top - bottom;
constexpr double base = top + plot_height;

/// A coordinate.
std::string at(double x) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", x);
    return text;
}

struct attribute {
    const char* name;
    std::string value;
};
std::string element(const char* name, std::initializer_list<attribute> attributes,
                    const std::string& inside = {}) {
    std::string text = "<" + std::string(name);
    for (const attribute& a : attributes)
        text += " " + std::string(a.name) + "=\"" + a.value + "\"";
    return inside.empty() ? text + "/>" : text + ">" + inside + "</" + name + ">";
}
std::string line(double x1, double y1, double x2, double y2, const char* style) {
    return element("line",
                   {{"x1", at(x1)}, {"y1", at(y1)}, {"x2", at(x2)}, {"y2", at(y2)}, {"class", style}});
}
std::string rectangle(double x, double y, double w, double h, const char* style,
                      const std::string& title = {}) {
    return element("rect",
                   {{"x", at(x)}, {"y", at(y)}, {"width", at(w)}, {"height", at(h)}, {"class", style}},
                   title.empty() ? title : element("title", {}, html(title)));
}
std::string label(double x, double y, const char* anchor, const std::string& text) {
    return element("text", {{"x", at(x)}, {"y", at(y)}, {"text-anchor", anchor}}, html(text));
}
std::string picture(const std::string& what, const std::string& inside) {
    return element(
               "svg",
               {{"viewBox", "0 0 " + at(width) + " " + at(height)}, {"role", "img"}, {"aria-label", what}},
               inside) +
           "\n";
}

/// A round number, of which `most` make up all at least.
double step_for(double all, double most, bool whole) {
    if (!(all > 0) || !std::isfinite(all))
        return 1;
    const double least = all / most;
    const double power = std::pow(10, std::floor(std::log10(least)));
    for (const double n : {1.0, 2.0, 5.0, 10.0}) {
        if (n * power >= least * (1 - 1e-9))
            return whole ? std::max(1.0, n * power) : n * power;
    }
    return 10 * power;
}
/// The same of seconds, minutes, hours and days.
double time_step_for(double all, double most) {
    static constexpr std::array<double, 17> round{1,   2,   5,    10,   15,   30,    60,    120,  300,
                                                  600, 900, 1800, 3600, 7200, 14400, 43200, 86400};
    if (all / most <= 1)
        return step_for(all, most, false);
    const auto* const fits =
        std::find_if(round.begin(), round.end(), [&](double s) { return s >= all / most; });
    return fits == round.end() ? 86400 * step_for(all / 86400, most, true) : *fits;
}
std::string time_label(double seconds, double step) {
    if (step >= 1)
        return seconds == 0 ? "0" : detail::time_text(seconds);
    char text[32];
    std::snprintf(text, sizeof text, "%.6g s", seconds);
    return text;
}

/// Lines across the picture, and numbers beside them. Gives where its top is.
double append_scale(std::string& to, double highest, bool whole, const std::string& title) {
    constexpr double lines = 4;
    const double step = step_for(highest, lines, whole);
    const double end = step * std::max(1.0, std::ceil(highest / step - 1e-9));
    for (double v = 0; v <= end + step / 2; v += step) {
        const double y = base - plot_height * v / end;
        to += line(left, y, width - right, y, v == 0 ? "axis" : "grid");
        to += label(left - 8, y + 4, "end", v == 0 ? "0" : detail::rate_text(v));
    }
    to += label(left - 8, top - 10, "start", title);
    return end;
}

} // namespace

std::string chart_of(const throughput& what) {
    if (what.per_second.empty() || !(what.seconds > 0))
        return {};
    std::string all;
    const double highest = *std::max_element(what.per_second.begin(), what.per_second.end());
    const double end = append_scale(all, highest, false, "items per second");
    const auto x_of = [&](double t) { return left + plot_width * t / what.seconds; };

    const double step = time_step_for(what.seconds, 8);
    for (double t = 0; t <= what.seconds; t += step) {
        all += line(x_of(t), base, x_of(t), base + 4, "axis");
        all += label(x_of(t), base + 18,
                     t == 0                 ? "start"
                     : x_of(t) > width - 50 ? "end"
                                            : "middle",
                     time_label(t, step));
    }
    const double part = what.seconds / static_cast<double>(what.per_second.size());
    std::string outline = "M" + at(left) + " " + at(base);
    for (std::size_t i = 0; i < what.per_second.size(); ++i) {
        const std::string y = at(base - plot_height * what.per_second[i] / end);
        outline += "V" + y + "H" + at(x_of(part * static_cast<double>(i + 1)));
    }
    all += element("path", {{"d", outline + "V" + at(base) + "Z"}, {"class", "area"}});
    for (const throughput::mark& m : what.marks) {
        all += line(x_of(m.at), top, x_of(m.at), base, "mark");
        const bool is_far = x_of(m.at) > width - 160;
        all += label(x_of(m.at) + (is_far ? -5 : 5), top + 10, is_far ? "end" : "start", m.text);
    }
    std::string ticks; // one path: there may be many, and those of one place are one
    std::string before;
    for (const double t : what.failures) {
        const std::string x = at(x_of(std::clamp(t, 0.0, what.seconds)));
        if (x != before)
            ticks += "M" + x + " " + at(base) + "v-9";
        before = x;
    }
    if (!ticks.empty())
        all += element("path", {{"d", ticks}, {"class", "failure"}});
    return picture("Items per second over time", all);
}

std::string chart_of(const std::vector<rank_items>& ranks) {
    constexpr std::size_t most = 200;
    if (ranks.empty())
        return {};
    const std::size_t together = (ranks.size() + most - 1) / most;
    struct bar {
        rank_items items; // of each of its ranks
        std::size_t first;
        std::size_t last;
    };
    std::vector<bar> bars;
    double highest = 0;
    for (std::size_t first = 0; first < ranks.size(); first += together) {
        const std::size_t last = std::min(first + together, ranks.size()) - 1;
        bar b{{}, first, last};
        for (std::size_t r = first; r <= last; ++r) {
            b.items.done += ranks[r].done / static_cast<double>(last - first + 1);
            b.items.failed += ranks[r].failed / static_cast<double>(last - first + 1);
        }
        highest = std::max(highest, b.items.done + b.items.failed);
        bars.push_back(b);
    }
    std::string all;
    const double end = append_scale(all, highest, true,
                                    together == 1 ? "items of each rank"
                                                  : "items of a rank, the mean of " +
                                                        std::to_string(together) + " neighbours");
    const double room = std::min(plot_width / static_cast<double>(bars.size()), 64.0);
    const double thick = room > 6 ? room * 0.72 : std::max(room - 0.6, room * 0.6);
    const auto step =
        static_cast<std::size_t>(std::max(1.0, step_for(static_cast<double>(bars.size()), 24, true)));
    for (std::size_t i = 0; i < bars.size(); ++i) {
        const bar& b = bars[i];
        const double x = left + room * static_cast<double>(i) + (room - thick) / 2;
        const double done = plot_height * b.items.done / end;
        // What is there is seen, however little it is.
        const double failed = b.items.failed > 0 ? std::max(1.5, plot_height * b.items.failed / end) : 0;
        const auto number = [](double n) {
            char text[32];
            std::snprintf(text, sizeof text, "%.10g", n);
            return std::string(text);
        };
        const std::string title =
            (b.first == b.last ? "rank " + std::to_string(b.first)
                               : "ranks " + std::to_string(b.first) + " to " + std::to_string(b.last)) +
            ": " + number(b.items.done) + " done, " + number(b.items.failed) + " failed";
        all += rectangle(x, base - done, thick, done, "done", title);
        if (failed > 0)
            all += rectangle(x, base - done - failed, thick, failed, "failed", title);
        if (i % step == 0)
            all += label(x + thick / 2, base + 18, "middle", std::to_string(b.first));
    }
    all += label(left - 8, base + 18, "end", "rank");
    return picture("Items of each rank", all);
}

std::string bar_of(const parts_of_call& parts) {
    constexpr double thick = 14;
    const double whole = parts.done + parts.failed + parts.missing;
    if (!(whole > 0))
        return {};
    const auto length = [whole](double n) { return n > 0 ? std::max(2.0, width * n / whole) : 0.0; };
    const double failed = length(parts.failed);
    const double missing = length(parts.missing);
    const double done = std::max(0.0, width - failed - missing);
    std::string all = rectangle(0, 0, done, thick, "done");
    if (failed > 0)
        all += rectangle(done, 0, failed, thick, "failed");
    if (missing > 0)
        all += rectangle(done + failed, 0, missing, thick, "missing");
    return element("svg",
                   {{"viewBox", "0 0 " + at(width) + " " + at(thick)},
                    {"role", "img"},
                    {"class", "bar"},
                    {"aria-label", "Done, failed and missing items"}},
                   all) +
           "\n";
}

} // namespace mpimap::journal_command
