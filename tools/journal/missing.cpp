#include "commands.hpp"

namespace mpimap::journal_command {
namespace {

std::size_t count_of(const std::vector<detail::item_range>& ranges) {
    std::size_t sum = 0;
    for (const detail::item_range& r : ranges)
        sum += r.count;
    return sum;
}

void write_missing(output& out, const call_items& items) {
    range_list list(out);
    items.visit([](const auto&) {}, [](const auto&) {}, [&list](detail::item_range r) { list.add(r); });
}

void write_suspects(output& out, const call_items& items) {
    range_list list(out);
    for (const detail::item_range& r : items.suspects())
        list.add(r);
}

} // namespace

int missing(const arguments& what) {
    opened all(what.file);
    output out;
    output aside(output::standard_error);
    int code = fine;
    for (const std::uint64_t number : calls_of(all, what)) {
        const call_items items(all, number);
        if (items.missing() == 0)
            continue;
        code = something_there;
        // What is asked for by its number is for MPIMAP_ONLY, and nothing else is said there.
        if (!what.call)
            out << "call " << number << ": ";
        write_missing(out, items);
        out << '\n';
        if (count_of(items.suspects()) == 0)
            continue;
        output& beside = what.call ? aside : out;
        beside << (what.call ? "mpimap-journal: " : "  ")
               << "of these, being run when the program ended, or now: ";
        write_suspects(beside, items);
        beside << '\n';
    }
    out.finish();
    aside.finish();
    return code;
}

} // namespace mpimap::journal_command
