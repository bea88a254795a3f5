#include "watch/display.hpp"

#include <algorithm>
#include <utility>

#include <mpimap/errors.hpp>

namespace mpimap::detail {

progress_style style_of_progress(const char* variable, bool wanted, bool is_terminal) {
    const progress_style by_itself = is_terminal ? progress_style::bar : progress_style::lines;
    const std::string_view text = variable == nullptr ? "" : variable;
    if (text.empty())
        return wanted ? by_itself : progress_style::none;
    if (text == "0")
        return progress_style::none;
    if (text == "1")
        return by_itself;
    if (text == "bar")
        return progress_style::bar;
    if (text == "lines")
        return progress_style::lines;
    throw invalid_argument("mpimap: MPIMAP_PROGRESS=" + std::string(text) + ": give bar, lines, 1 or 0");
}

display::display(progress_style style, std::function<std::size_t()> width)
    : style_(style), width_(std::move(width)) {}

void display::begin(call_progress& call, double now) {
    if (calls_.empty())
        pace_ = pace_of_bar(now);
    calls_.push_back({&call, pace_of_lines(now)});
}

std::string display::look(double now) {
    if (style_ == progress_style::bar) {
        std::size_t settled = 0;
        for (const entry& e : calls_)
            settled += e.call->state(now).settled();
        return !calls_.empty() && pace_.is_due(now, settled) ? bar(now) : std::string();
    }
    std::string lines;
    for (entry& e : calls_) {
        const progress_state s = e.call->state(now);
        if (e.pace.is_due(now, s.settled(), s.items))
            lines += progress_line(s) + "\n";
    }
    return lines;
}

std::string display::end(call_progress& call, double now) {
    const auto at =
        std::find_if(calls_.begin(), calls_.end(), [&call](const entry& e) { return e.call == &call; });
    if (at == calls_.end())
        return {};
    struct forget { // whatever happens
        std::vector<entry>& calls;
        std::vector<entry>::iterator at;
        ~forget() { calls.erase(at); }
    } const at_the_end{calls_, at};
    call.over();
    std::string text;
    if (style_ == progress_style::bar) {
        // The others go on in the same line.
        if (calls_.size() == 1 && pace_.has_shown())
            text = bar(now) + "\n";
    } else if (at->pace.has_spoken()) {
        text = progress_line(at->call->state(now)) + "\n";
    }
    return text;
}

/// Back to the beginning of the line first: what another program has written there is overwritten.
std::string display::bar(double now) const {
    std::vector<progress_state> states;
    states.reserve(calls_.size());
    for (const entry& e : calls_)
        states.push_back(e.call->state(now));
    // The last column is left free: some terminals would begin a new line.
    return "\r" + progress_bar(together(states), width_() - 1);
}

} // namespace mpimap::detail
