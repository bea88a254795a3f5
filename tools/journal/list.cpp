#include "commands.hpp"

#include <algorithm>
#include <cstddef>

namespace mpimap::journal_command {
namespace {

/// Columns as wide as what is in them, numbers at the right.
class table {
  public:
    enum class side { left, right };
    struct column {
        std::string title;
        side at;
    };
    explicit table(std::vector<column> columns) : columns_(std::move(columns)) {}
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

    void write(output& out) const {
        std::vector<std::size_t> widths;
        for (const column& c : columns_)
            widths.push_back(c.title.size());
        for (const auto& row : rows_) {
            for (std::size_t i = 0; i < row.size(); ++i)
                widths[i] = std::max(widths[i], row[i].size());
        }
        std::vector<std::string> titles;
        for (const column& c : columns_)
            titles.push_back(c.title);
        write_row(out, titles, widths);
        for (const auto& row : rows_)
            write_row(out, row, widths);
    }

  private:
    void write_row(output& out, const std::vector<std::string>& row,
                   const std::vector<std::size_t>& widths) const {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string space(widths[i] - row[i].size(), ' ');
            line += i == 0 ? "" : "  ";
            line += columns_[i].at == side::right ? space + row[i] : row[i] + space;
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out << line << '\n';
    }

    std::vector<column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

/// On one line.
std::string cell(const std::string& text) {
    std::string shown = printable(text);
    std::replace(shown.begin(), shown.end(), '\n', ' ');
    std::replace(shown.begin(), shown.end(), '\t', ' ');
    return shown.empty() ? "-" : shown;
}

void write_runs(output& out, const detail::journal::contents& contents) {
    using enum table::side;
    table runs({{"run", right}, {"began", left}, {"host", left}, {"job", left}, {"ranks", right}});
    std::size_t n = 0;
    for (const detail::journal::run_info& r : contents.runs())
        runs.add({std::to_string(++n), cell(date_text(r.began)), cell(r.host), cell(r.job),
                  std::to_string(r.ranks)});
    runs.write(out);
    out << (contents.closed() ? "The last run has closed the journal.\n"
                              : "The last run has not closed the journal: it was killed, or goes on.\n");
}

std::string seed_text(const detail::journal::call_info& info) {
    std::string text = info.seed ? std::to_string(*info.seed) : "-";
    if (!info.stream.empty())
        text += " \"" + cell(info.stream) + '"';
    return text;
}

void write_calls(output& out, opened& all) {
    using enum table::side;
    table calls({{"call", right},
                 {"items", right},
                 {"done", right},
                 {"failed", right},
                 {"missing", right},
                 {"suspects", right},
                 {"bytes", right},
                 {"ended", left},
                 {"seed", left},
                 {"result", left},
                 {"function", left}});
    bool has_suspects = false;
    for (const auto& [number, contents] : all.contents().calls()) {
        const call_items items(all, number);
        std::size_t suspects = 0;
        for (const detail::item_range& r : items.suspects())
            suspects += r.count;
        has_suspects = has_suspects || suspects != 0;
        calls.add({std::to_string(number), std::to_string(items.size()), std::to_string(items.done()),
                   std::to_string(items.failed()), std::to_string(items.missing()), std::to_string(suspects),
                   std::to_string(all.records(number).bytes), items.has_ended() ? "yes" : "no",
                   seed_text(items.info()), cell(shown_type(items.info().result)),
                   cell(items.info().function)});
    }
    calls.write(out);
    if (has_suspects)
        out << "Suspects were being run when the program ended, or are now.\n";
}

} // namespace

int list(const arguments& what) {
    opened all(what.file);
    output out;
    const auto& contents = all.contents();
    if (contents.runs().empty()) {
        out << all.path() << ": nothing has been written to this journal yet\n";
    } else {
        out << all.path() << ": " << bytes_text(all.size()) << " in "
            << count_text(all.stored().files().size(), "file") << "\n\n";
        write_runs(out, contents);
        out << '\n';
        if (contents.calls().empty()) {
            out << "There are no calls in it.\n";
        } else {
            write_calls(out, all);
        }
    }
    out.finish();
    return fine;
}

} // namespace mpimap::journal_command
