#include "commands.hpp"

#include <mpimap/errors.hpp>

#include "errors/text.hpp"
#include "values.hpp"

namespace mpimap::journal_command {
namespace {

/// "  name:      text", further lines below the first one.
void write_field(output& out, std::string_view name, std::string_view text) {
    constexpr std::size_t width = 13;
    std::string line = "  " + std::string(name) + ":";
    line.resize(std::max(line.size() + 1, width), ' ');
    for (const char c : text) {
        line += c;
        if (c == '\n')
            line.append(width, ' ');
    }
    out << line << '\n';
}

void write_failure(output& out, const call_items::entry& record, std::uint64_t call) {
    out << "call " << call << ", item " << record.items.first << ": ";
    stored_failure stored;
    try {
        stored = read_failure(record.content);
    } catch (const serialization_error&) {
        out << "failed, and why cannot be read\n";
        return;
    }
    const detail::failure& f = stored.what;
    out << printable(f.type) << '\n';
    if (!f.what.empty())
        write_field(out, "text", printable(lines_of(f.what)));
    if (!f.arguments.empty())
        write_field(out, "arguments", printable(f.arguments));
    write_field(out, "where",
                (f.rank < 0 ? std::string("no rank") : "rank " + std::to_string(f.rank)) +
                    (f.host.empty() ? "" : " on " + printable(f.host)));
    std::string when = date_text(stored.when);
    if (f.seconds > 0)
        when += (when.empty() ? "after " : ", after ") + detail::duration_text(f.seconds);
    if (!when.empty())
        write_field(out, "when", when);
    if (f.attempt != 0)
        write_field(out, "attempt", std::to_string(f.attempt) + " of " + std::to_string(f.attempts));
    if (f.seed)
        write_field(out, "seed", std::to_string(*f.seed));
}

} // namespace

int failed(const arguments& what) {
    opened all(what.file);
    output out;
    std::size_t count = 0;
    for (const std::uint64_t number : calls_of(all, what)) {
        const call_items items(all, number);
        for (const call_items::entry& f : items.failures())
            write_failure(out, f, number);
        count += items.failed();
    }
    out.finish();
    return count == 0 ? fine : something_there;
}

} // namespace mpimap::journal_command
