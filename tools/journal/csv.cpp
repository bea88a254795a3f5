#include "commands.hpp"

#include <algorithm>
#include <memory>

#include <mpimap/errors.hpp>

#include "values.hpp"

namespace mpimap::journal_command {
namespace {

/// The only one, where none is named.
std::uint64_t call_of(const opened& all, const arguments& what) {
    const std::vector<std::uint64_t> numbers = calls_of(all, what);
    if (numbers.empty())
        throw invalid_argument(all.path() + " has no calls");
    if (numbers.size() > 1)
        throw invalid_argument(all.path() + " has " + count_text(numbers.size(), "call") +
                               ": say which, --call " + std::to_string(numbers.front()) +
                               "; mpimap-journal list shows them");
    return numbers.front();
}

class lines {
  public:
    lines(output& out, const call_items& items) : out_(out), items_(items), type_(items.info().result) {}

    void write() {
        out_ << "index,status,seconds,rank,value,error\n";
        items_.visit([this](const call_items::part& p) { write_done(p); },
                     [this](const call_items::entry& e) { write_failed(e); },
                     [this](detail::item_range r) { write_missing(r); });
    }
    /// Records that say something else than results of that type.
    [[nodiscard]] std::size_t unreadable() const noexcept { return unreadable_; }

  private:
    void begin(std::size_t item) {
        char digits[24];
        line_.assign(digits, std::to_chars(digits, digits + sizeof digits, item).ptr);
    }

    void write_done(const call_items::part& p) {
        results_reader* const from = reader_of(p);
        bool has_values = from != nullptr;
        for (std::size_t i = p.items.first; i < p.items.end(); ++i) {
            begin(i);
            line_ += ",done,";
            if (from != nullptr) {
                append_seconds(line_, from->seconds(i));
                line_ += ',' + std::to_string(from->how().rank);
            } else {
                line_ += ',';
            }
            line_ += ',';
            if (has_values)
                has_values = append_value(*from, i);
            out_ << (line_ += ",\n");
        }
    }
    /// False where neither this one can be read nor those behind it.
    bool append_value(results_reader& from, std::size_t item) {
        const std::size_t before = line_.size();
        try {
            from.append(line_, item);
            return true;
        } catch (const serialization_error&) {
            line_.resize(before);
            ++unreadable_;
            return false;
        }
    }

    void write_failed(const call_items::entry& e) {
        begin(e.items.first);
        try {
            const detail::failure f = read_failure(e.content).what;
            line_ += ",failed,";
            append_seconds(line_, f.seconds);
            line_ += ',' + (f.rank < 0 ? "" : std::to_string(f.rank)) + ",,";
            append_csv(line_, f.type + (f.what.empty() ? "" : ": " + f.what));
        } catch (const serialization_error&) {
            begin(e.items.first);
            line_ += ",failed,,,,";
            ++unreadable_;
        }
        out_ << (line_ += '\n');
    }

    void write_missing(detail::item_range items) {
        for (std::size_t i = items.first; i < items.end(); ++i) {
            begin(i);
            out_ << (line_ += ",missing,,,,\n");
        }
    }

    /// Items of a record that were run again later are in another one, in the midst of it: it is gone on with
    /// behind them. Null where the record cannot be read.
    results_reader* reader_of(const call_items::part& p) {
        std::erase_if(open_, [&p](const auto& r) { return r.reader->items().end() <= p.items.first; });
        const auto found =
            std::find_if(open_.begin(), open_.end(), [&p](const auto& r) { return r.record == p.record; });
        if (found != open_.end())
            return found->reader.get();
        try {
            open_.push_back(
                {p.record, std::make_unique<results_reader>(type_, items_.record(p), items_.are_singles())});
            return open_.back().reader.get();
        } catch (const serialization_error&) {
            ++unreadable_;
            return nullptr;
        }
    }

    struct open_record {
        std::size_t record;
        std::unique_ptr<results_reader> reader;
    };
    output& out_;
    const call_items& items_;
    value_type type_;
    std::vector<open_record> open_;
    std::string line_;
    std::size_t unreadable_ = 0;
};

} // namespace

int csv(const arguments& what) {
    opened all(what.file);
    const call_items items(all, call_of(all, what));
    check_output(all, what);
    output out(what.out);
    lines table(out, items);
    table.write();
    out.finish();
    if (table.unreadable() != 0)
        remark(count_text(table.unreadable(), "record") + " of " + what.file +
               " cannot be read: mpimap-journal verify says which");
    return fine;
}

} // namespace mpimap::journal_command
