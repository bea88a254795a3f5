#include "watch/trace.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

#include "watch/progress_text.hpp"

namespace mpimap::detail {
namespace {

constexpr const char* name_of(activity what) {
    switch (what) {
    case activity::waits:
        return "wait";
    case activity::receives:
        return "transfer";
    case activity::decodes:
        return "decode";
    case activity::runs:
        return "run";
    case activity::encodes:
        return "encode";
    }
    return "";
}

/// As a JSON string.
std::string json_string(std::string_view text) {
    std::string all = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            (all += '\\') += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            char code[8];
            std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
            all += code;
        } else {
            all += c;
        }
    }
    return all += '"';
}

/// Whatever the locale.
std::string microseconds(double seconds) {
    std::array<char, 64> text; // as many digits as a century has, and more
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), seconds * 1e6, std::chars_format::fixed, 3);
    return {text.data(), end.ptr};
}

} // namespace

trace::track trace::track_of(std::uint64_t number, std::string_view name, std::string_view host) {
    const auto known = std::find_if(tracks_.begin(), tracks_.end(),
                                    [&](const line& l) { return l.number == number && l.name == name; });
    if (known != tracks_.end())
        return static_cast<track>(known - tracks_.begin());
    auto where = std::find(hosts_.begin(), hosts_.end(), host);
    if (where == hosts_.end())
        where = hosts_.emplace(hosts_.end(), host);
    line fresh{.number = number,
               .name = std::string(name),
               .host = static_cast<std::size_t>(where - hosts_.begin())};
    if (tracks_.empty())
        fresh.least = fresh.most = 0;
    tracks_.push_back(std::move(fresh));
    return tracks_.size() - 1;
}

void trace::exchanged(track t, double asked, double noticed, double sent, double received) {
    line& l = tracks_[t];
    l.most = std::min(l.most, noticed - asked);
    l.least = std::max(l.least, sent - received);
}

double trace::offset(const line& l) const {
    // Processes of one host have one clock.
    if ((l.host == tracks_.front().host && l.least <= 0 && l.most >= 0) || !std::isfinite(l.least) ||
        !std::isfinite(l.most))
        return 0;
    return (l.least + l.most) / 2;
}

void trace::begins(track t, double at) {
    tracks_[t].until = std::max(tracks_[t].until, at);
}

void trace::did(track t, activity what, std::uint64_t call, item_range items, double end) {
    line& l = tracks_[t];
    const double begin = l.until;
    constexpr double shortest = 1e-9; // is a part of what comes next
    if (end < begin + shortest)
        return;
    l.until = end;
    if (group_ % stride_ != 0)
        return;
    if (events_.size() == most_) {
        stride_ *= 2;
        std::erase_if(events_, [this](const event& e) { return e.group % stride_ != 0; });
        if (group_ % stride_ != 0)
            return;
    }
    events_.push_back({begin, end, call, items, group_, static_cast<std::uint32_t>(t), what});
}

void trace::write(const std::function<void(std::string_view)>& out) const {
    std::string text = "{\"displayTimeUnit\": \"ms\", \"otherData\": {\"shown\": ";
    text += stride_ == 1 ? "\"all\"" : "\"one of " + std::to_string(stride_) + '"';
    text += "},\n\"traceEvents\": [\n";
    const char* separator = "";
    const auto metadata = [&](const char* what, std::size_t host, std::uint64_t number,
                              const std::string& args) {
        text += std::exchange(separator, ",\n");
        text += std::string("{\"ph\": \"M\", \"name\": \"") + what + "\", \"pid\": " + std::to_string(host) +
                ", \"tid\": " + std::to_string(number) + ", \"args\": {" + args + "}}";
    };
    for (std::size_t i = 0; i < hosts_.size(); ++i)
        metadata("process_name", i, 0, "\"name\": " + json_string(hosts_[i]));
    for (const line& l : tracks_) {
        metadata("thread_name", l.host, l.number, "\"name\": " + json_string(l.name));
        metadata("thread_sort_index", l.host, l.number, "\"sort_index\": " + std::to_string(l.number));
    }
    double zero = std::numeric_limits<double>::infinity();
    for (const event& e : events_)
        zero = std::min(zero, e.begin - offset(tracks_[e.line]));
    for (const event& e : events_) {
        const line& l = tracks_[e.line];
        text += std::exchange(separator, ",\n");
        text += "{\"ph\": \"X\", \"name\": ";
        text += json_string(e.what == activity::runs && e.items.count != 0 ? items_text(e.items)
                                                                           : name_of(e.what));
        text += std::string(", \"cat\": \"") + name_of(e.what) + "\", \"pid\": " + std::to_string(l.host) +
                ", \"tid\": " + std::to_string(l.number) +
                ", \"ts\": " + microseconds(e.begin - offset(l) - zero) +
                ", \"dur\": " + microseconds(e.end - e.begin) +
                ", \"args\": {\"call\": " + std::to_string(e.call);
        if (e.items.count != 0)
            text += ", \"first\": " + std::to_string(e.items.first) +
                    ", \"count\": " + std::to_string(e.items.count);
        text += "}}";
        constexpr std::size_t piece = 1 << 16U;
        if (text.size() >= piece) {
            out(text);
            text.clear();
        }
    }
    text += "\n]}\n";
    out(text);
}

} // namespace mpimap::detail
