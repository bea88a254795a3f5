#include "commands.hpp"

#include <cmath>
#include <filesystem>
#include <map>

#include "chart.hpp"
#include "errors/text.hpp"
#include "summary.hpp"
#include "watch/progress_text.hpp"

namespace mpimap::journal_command {
namespace {

/// Further calls are in the table only: a page of thousands of pictures is of no use.
constexpr std::size_t most_pictured = 40;

constexpr std::string_view style = R"css(
:root { --ink: #1d2733; --soft: #5d6b7a; --line: #dfe5eb;
  --done: #2f7f86; --failed: #c8452f; --missing: #d3d9df; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 32px 24px 48px; max-width: 1000px; background: #fff; color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
h1 { margin: 0; font-size: 26px; overflow-wrap: anywhere; }
h2 { margin: 48px 0 4px; padding-top: 18px; border-top: 2px solid var(--ink); font-size: 20px; }
h3 { margin: 26px 0 6px; font-size: 15px; }
p { margin: 4px 0; }
.soft, small { color: var(--soft); }
.cards { display: flex; flex-wrap: wrap; gap: 12px; margin: 14px 0 12px; }
.cards div { flex: 1 1 110px; padding: 8px 14px 10px; border: 1px solid var(--line); border-radius: 8px; }
.cards b { display: block; font-size: 21px; line-height: 1.25; font-variant-numeric: tabular-nums; }
.cards .bad b { color: var(--failed); }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 14px 5px 0; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; }
th { color: var(--soft); font-weight: 600; font-size: 13px; white-space: nowrap; }
td.n, th.n { text-align: right; white-space: nowrap; padding-right: 22px; }
td.bad { color: var(--failed); }
pre { margin: 0; white-space: pre-wrap; }
code, pre { overflow-wrap: anywhere;
  font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
table:not(.narrow) th.n:first-child { width: 1%; }
.narrow { width: auto; }
.narrow th, .narrow td { padding-right: 40px; }
svg { display: block; width: 100%; height: auto; }
svg.bar { margin: 10px 0 4px; border-radius: 4px; }
svg text { fill: var(--soft); font: 12px system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
.grid { stroke: var(--line); }
.axis { stroke: #8b98a5; }
.area { fill: var(--done); fill-opacity: .22; stroke: var(--done); stroke-width: 1.5;
  stroke-linejoin: round; }
.mark { stroke: var(--soft); stroke-dasharray: 4 4; }
.failure { stroke: var(--failed); stroke-width: 1.5; }
.done { fill: var(--done); }
.failed { fill: var(--failed); }
.missing { fill: var(--missing); }
.key i { display: inline-block; width: 11px; height: 11px; margin: 0 5px 0 16px; border-radius: 2px; }
.key i:first-child { margin-left: 0; }
a { color: inherit; }
footer { margin-top: 48px; padding-top: 10px; border-top: 1px solid var(--line); color: var(--soft);
  font-size: 13px; }
@media print {
  body { padding: 0; max-width: none; font-size: 11pt; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h2, h3 { break-after: avoid; }
  svg, tr, .cards { break-inside: avoid; }
  .scroll { overflow: visible; }
}
)css";

/// 1234567 as "1 234 567", with narrow spaces that do not break.
std::string grouped(std::size_t n) {
    std::string text = std::to_string(n);
    for (std::size_t at = text.size(); at > 3; at -= 3)
        text.insert(at - 3, "\u202f");
    return text;
}
std::string long_time(double seconds) {
    return seconds >= 60 ? detail::time_text(seconds) : detail::duration_text(seconds);
}

class page {
  public:
    page(output& out, opened& all, std::vector<std::uint64_t> calls)
        : out_(out), all_(all), calls_(std::move(calls)) {}

    void write() {
        const std::string name = std::filesystem::path(all_.path()).filename().string();
        out_ << "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             << "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>"
             << html(name) << "</title>\n<style>" << style << "</style>\n</head>\n<body>\n<header>\n<h1>"
             << html(name) << "</h1>\n";
        write_state();
        out_ << "</header>\n";
        write_runs();
        if (calls_.size() > 1)
            write_calls();
        std::size_t pictured = 0;
        for (const std::uint64_t number : calls_) {
            if (pictured++ == most_pictured)
                break;
            write_call(number);
        }
        if (calls_.size() > most_pictured)
            out_ << "<p class=\"soft\">Of the " << calls_.size() - most_pictured
                 << " calls behind these there are no pictures here: mpimap-journal html --call shows "
                    "one.</p>\n";
        out_ << "<footer>Made by mpimap-journal.</footer>\n</body>\n</html>\n";
    }

  private:
    void write_state() {
        const auto& contents = all_.contents();
        out_ << "<p class=\"soft\">" << bytes_text(all_.size()) << ", "
             << count_text(contents.runs().size(), "run") << ", "
             << count_text(contents.calls().size(), "call") << ". ";
        if (contents.runs().empty()) {
            out_ << "Nothing has been written to this journal yet.";
        } else if (contents.closed()) {
            out_ << "The last run has closed the journal.";
        } else {
            out_ << "The last run has not closed the journal: it was killed, or went on when this page was "
                    "made.";
        }
        if (const std::size_t bytes = all_.stored().damaged_bytes(); bytes != 0)
            out_ << " <b>" << count_text(bytes, "byte") << " of it cannot be read.</b>";
        out_ << "</p>\n";
    }

    void write_runs() {
        const auto& runs = all_.contents().runs();
        if (runs.empty())
            return;
        out_ << "<h3>Runs</h3>\n<div class=\"scroll\"><table><tr><th "
                "class=\"n\">run</th><th>began</th><th>host</th>"
                "<th>job</th><th class=\"n\">ranks</th></tr>\n";
        std::size_t n = 0;
        for (const detail::journal::run_info& r : runs)
            out_ << "<tr><td class=\"n\">" << ++n << "</td><td>" << date_text(r.began) << "</td><td>"
                 << html(r.host) << "</td><td>" << html(r.job) << "</td><td class=\"n\">" << r.ranks
                 << "</td></tr>\n";
        out_ << "</table></div>\n";
    }

    void write_calls() {
        out_ << "<h3>Calls</h3>\n<div class=\"scroll\"><table><tr><th class=\"n\">call</th><th>function</th>"
                "<th class=\"n\">items</th><th class=\"n\">done</th><th class=\"n\">failed</th>"
                "<th class=\"n\">missing</th></tr>\n";
        std::size_t n = 0;
        for (const std::uint64_t number : calls_) {
            const call_items items(all_, number);
            const std::string text = std::to_string(number);
            out_ << "<tr><td class=\"n\">"
                 << (n++ < most_pictured ? "<a href=\"#call-" + text + "\">" + text + "</a>" : text)
                 << "</td><td><code>" << html(items.info().function) << "</code></td><td class=\"n\">"
                 << grouped(items.size()) << "</td><td class=\"n\">" << grouped(items.done())
                 << "</td><td class=\"n" << (items.failed() == 0 ? "" : " bad") << "\">"
                 << grouped(items.failed()) << "</td><td class=\"n\">" << grouped(items.missing())
                 << "</td></tr>\n";
        }
        out_ << "</table></div>\n";
    }

    void write_call(std::uint64_t number) {
        const call_items items(all_, number);
        const call_summary s = summary_of(items, all_.contents().runs());
        const auto& info = items.info();
        out_ << "<section>\n<h2 id=\"call-" << number << "\">Call " << number << "</h2>\n<p><code>"
             << html(info.function) << "</code></p>\n<p class=\"soft\">Result: <code>"
             << html(shown_type(info.result)) << "</code>";
        if (info.seed)
            out_ << " &middot; seed " << *info.seed;
        if (!info.stream.empty())
            out_ << " &middot; stream " << html(info.stream);
        out_ << " &middot; " << (items.has_ended() ? "has come to its end" : "has not come to its end")
             << "</p>\n";
        write_counts(items, s);
        if (const std::string chart = chart_of(s.over_time); !chart.empty()) {
            out_ << "<h3>Throughput</h3>\n" << chart;
            if (!s.over_time.failures.empty())
                out_ << "<p class=\"soft\"><small>Red: items that failed.</small></p>\n";
        }
        if (const std::string chart = chart_of(s.ranks); !chart.empty())
            out_ << "<h3>Ranks</h3>\n" << chart;
        write_slowest(s);
        write_failures(items, s);
        write_suspects(items);
        out_ << "</section>\n";
    }

    void write_card(const std::string& number, const char* what, bool bad = false) {
        out_ << "<div" << (bad ? " class=\"bad\"" : "") << "><b>" << number << "</b><small>" << what
             << "</small></div>";
    }

    void write_counts(const call_items& items, const call_summary& s) {
        out_ << "<div class=\"cards\">";
        write_card(grouped(items.size()), "items");
        write_card(grouped(items.done()), "done");
        write_card(grouped(items.failed()), "failed", items.failed() != 0);
        write_card(grouped(items.missing()), "missing");
        if (s.item_seconds > 0) {
            const auto ran = static_cast<double>(items.done() + items.failed());
            write_card(long_time(s.item_seconds), "all items together");
            write_card(detail::duration_text(s.item_seconds / ran), "average item");
        }
        out_ << "</div>\n"
             << bar_of({static_cast<double>(items.done()), static_cast<double>(items.failed()),
                        static_cast<double>(items.missing())});
        if (items.size() != 0)
            out_ << "<p class=\"soft key\"><small><i style=\"background:var(--done)\"></i>done"
                    "<i style=\"background:var(--failed)\"></i>failed"
                    "<i style=\"background:var(--missing)\"></i>missing</small></p>\n";
    }

    void write_slowest(const call_summary& s) {
        if (s.slowest.empty())
            return;
        out_ << "<h3>Slowest items</h3>\n<table class=\"narrow\"><tr><th class=\"n\">item</th><th "
                "class=\"n\">time</th>"
                "<th class=\"n\">rank</th><th></th></tr>\n";
        for (const call_summary::item& i : s.slowest)
            out_ << "<tr><td class=\"n\">" << i.index << "</td><td class=\"n\">"
                 << detail::duration_text(i.seconds) << "</td><td class=\"n\">" << i.rank << "</td><td"
                 << (i.failed ? " class=\"bad\">failed" : ">") << "</td></tr>\n";
        out_
            << "</table>\n<p class=\"soft\"><small>Of those that were measured one by one: short items run in"
               " batches.</small></p>\n";
    }

    void write_failures(const call_items& items, const call_summary& s) {
        if (s.failures.empty())
            return;
        out_ << "<h3>Failed items</h3>\n<table><tr><th class=\"n\">item</th><th>what it "
                "threw</th><th>arguments</th>"
                "<th>where</th><th class=\"n\">attempt</th></tr>\n";
        for (const call_summary::failed_item& one : s.failures) {
            const detail::failure& f = one.why.what;
            out_ << "<tr><td class=\"n\">" << one.index << "</td><td><code>" << html(f.type) << "</code><pre>"
                 << html(lines_of(detail::cut_text(f.what, detail::longest_shown, f.what_bytes)))
                 << "</pre></td><td><code>" << html(f.arguments) << "</code></td><td>";
            if (f.rank >= 0)
                out_ << "rank " << f.rank << (f.host.empty() ? "" : " on " + html(f.host));
            if (f.seconds > 0)
                out_ << "<br><small>after " << detail::duration_text(f.seconds) << "</small>";
            out_ << "</td><td class=\"n\">";
            if (f.attempt != 0)
                out_ << f.attempt << " of " << f.attempts;
            out_ << "</td></tr>\n";
        }
        out_ << "</table>\n";
        if (items.failed() > s.failures.size())
            out_ << "<p class=\"soft\"><small>And " << grouped(items.failed() - s.failures.size())
                 << " more: mpimap-journal failed shows all.</small></p>\n";
    }

    void write_suspects(const call_items& items) {
        constexpr std::size_t most = 100;
        if (items.suspects().empty())
            return;
        out_ << "<h3>Being run when the program ended, or when this page was made</h3>\n<p><code>";
        range_list list(out_);
        for (std::size_t i = 0; i < std::min(most, items.suspects().size()); ++i)
            list.add(items.suspects()[i]);
        if (items.suspects().size() > most)
            out_ << " and more";
        out_ << "</code></p>\n";
    }

    output& out_;
    opened& all_;
    std::vector<std::uint64_t> calls_;
};

} // namespace

int html_page(const arguments& what) {
    opened all(what.file);
    std::vector<std::uint64_t> calls = calls_of(all, what);
    check_output(all, what);
    output out(what.out);
    page(out, all, std::move(calls)).write();
    out.finish();
    return fine;
}

} // namespace mpimap::journal_command
