#include "commands.hpp"

#include <array>
#include <map>

#include <mpimap/errors.hpp>

#include "journal/words.hpp"
#include "values.hpp"

namespace mpimap::journal_command {

using namespace detail;
using journal::kind;
using journal::scanner;

namespace {

std::string_view name_of(kind what) {
    static constexpr std::array<std::string_view, 10> names{
        "no known kind", "a run",      "a call",           "arguments",      "results",
        "a failure",     "handed out", "the end of a run", "single results", "the end of a call"};
    const auto n = static_cast<std::size_t>(what);
    return n < names.size() ? names[n] : names[0];
}

/// "a record of results of call 1, items 0 to 9, at byte 480"
std::string text_of(const scanner::found& f, std::size_t at) {
    std::string text = "a record of " + std::string(name_of(f.what.what));
    if (f.what.call != 0)
        text += " of call " + std::to_string(f.what.call);
    if (f.what.items.count == 1) {
        text += ", item " + std::to_string(f.what.items.first);
    } else if (f.what.items.count != 0) {
        text +=
            ", items " + std::to_string(f.what.items.first) + " to " + std::to_string(f.what.items.end() - 1);
    }
    return text + ", at byte " + std::to_string(at);
}

/// Reads what each record says, in the order of the file.
class record_check {
  public:
    explicit record_check(std::uint64_t journal) : journal_(journal) {}

    /// Throws serialization_error where a record says nothing that can be understood.
    void check(const scanner::found& f) {
        switch (f.what.what) {
        case kind::run:
            if (journal::read_run(f.content).journal != journal_)
                throw serialization_error("it is of another journal");
            return;
        case kind::end:
            return;
        case kind::call:
            types_.insert_or_assign(f.what.call, value_type(journal::read_call(f.content).result));
            return;
        default:
            break;
        }
        const auto type = types_.find(f.what.call);
        if (type == types_.end())
            throw serialization_error("the call has not begun");
        check_of_call(f, type->second);
    }

  private:
    static void check_of_call(const scanner::found& f, const value_type& type) {
        const item_range items = f.what.items;
        if (f.what.what != kind::finished && (items.count == 0 || items.end() < items.first))
            throw serialization_error("it is of no items");
        journal::word_cursor in(f.content);
        switch (f.what.what) {
        case kind::digests:
            if (f.content.empty() || f.content.size() % sizeof(journal::block_sum) != 0 ||
                items.first % journal::items_per_block != 0)
                throw serialization_error("it holds no sums of arguments");
            return;
        case kind::results:
        case kind::singles: {
            results_reader results(type, {items, 0, f.content}, f.what.what == kind::singles);
            std::size_t next = items.first;
            for (const std::size_t i : results.how().without) {
                if (i < next || i >= items.end())
                    throw serialization_error("it is of other items than it says");
                next = i + 1;
            }
            results.check();
            return;
        }
        case kind::failures:
            if (read_failure(f.content).what.index != items.first)
                throw serialization_error("it is the failure of another item");
            return;
        case kind::handed_out:
            (void)in.word();
            (void)in.number<double>();
            return;
        case kind::finished:
            return;
        default:
            throw serialization_error("there is no such kind");
        }
    }

    std::uint64_t journal_;
    std::map<std::uint64_t, value_type> types_;
};

/// Bytes `from` to `to` - 1.
std::string bytes_between(std::size_t from, std::size_t to) {
    return "bytes " + std::to_string(from) + " to " + std::to_string(to - 1);
}

} // namespace

int verify(const arguments& what) {
    opened all(what.file, false);
    output out;
    bool damaged = false;
    std::size_t records = 0;
    record_check check(all.stored().number());
    for (const stored_journal::file& file : all.stored().files()) {
        if (!file.unreadable.empty()) {
            damaged = true;
            out << without_name(file.unreadable) << '\n';
            continue;
        }
        for (const scanner::damage& d : file.damaged) {
            damaged = true;
            out << file.path << ": " << bytes_between(d.from, d.to) << " are damaged\n";
        }
        all.visit(file, [&](const scanner::found& f, std::size_t at) {
            ++records;
            try {
                check.check(f);
            } catch (const serialization_error& e) {
                damaged = true;
                out << file.path << ": " << text_of(f, at) << ", is strange: " << without_name(e.what())
                    << '\n';
            }
        });
        if (file.end < file.size)
            out << file.path << ": " << bytes_between(file.end, file.size)
                << " were being written when the program ended, or are now: no damage\n";
    }
    out << all.path() << ": " << (damaged ? "damaged" : "whole") << ": " << count_text(all.size(), "byte")
        << ", " << count_text(records, "record") << ", " << count_text(all.contents().runs().size(), "run")
        << ", " << count_text(all.contents().calls().size(), "call") << '\n';
    out.finish();
    return damaged ? something_there : fine;
}

} // namespace mpimap::journal_command
