// mpimap-journal: what there is in a journal, while a program writes it and afterwards.

#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <string>
#include <string_view>

#include <unistd.h>

#include <CLI/CLI.hpp>

#include <mpimap/errors.hpp>
#include <mpimap/version.hpp>

#include "commands.hpp"

namespace {

using namespace mpimap::journal_command;

/// Who comes back to a journal cuts off what a killed program has half written, and that may be in our
/// memory.
extern "C" void tell_and_end(int) {
    constexpr char text[] = "mpimap-journal: the file has become shorter while it was read: read it again\n";
    (void)!::write(STDERR_FILENO, text, sizeof text - 1);
    ::_exit(not_possible);
}

struct subcommand {
    const char* name;
    const char* what;
    int (*run)(const arguments&);
    bool of_calls;
    bool to_file;
};
constexpr subcommand subcommands[] = {
    {"list", "The runs that have written the journal, and the calls that are in it", list, false, false},
    {"verify", "Read all of it, and say what is damaged", verify, false, false},
    {"failed", "Items that have failed, and why", failed, true, false},
    {"missing", "Items that have no result yet, as MPIMAP_ONLY takes them", missing, true, false},
    {"csv", "A table of the items of a call, with their results", csv, true, true},
    {"html", "A page with counts, times and failures of all calls", html_page, true, true},
};

} // namespace

int main(int argc, char** argv) {
    (void)std::signal(SIGBUS, tell_and_end);
    CLI::App app("Shows what is in a journal: the file in which an mpimap program keeps its results.",
                 "mpimap-journal");
    app.set_version_flag("--version", std::string("mpimap-journal ") + mpimap::version());
    app.footer("Exit codes: 0 fine; 1 there is damage (verify), or there are such items (failed, missing);\n"
               "2 the command makes no sense, or the file cannot be read or is no journal.");
    app.require_subcommand(1);
    arguments what;
    std::function<int()> run;
    for (const subcommand& s : subcommands) {
        CLI::App* const sub = app.add_subcommand(s.name, s.what);
        sub->add_option("FILE", what.file, "The journal")->required();
        if (s.of_calls)
            sub->add_option("--call", what.call, "Only this call: its number as list shows it");
        if (s.to_file)
            sub->add_option("-o,--output", what.out, "Write to this file instead of the standard output");
        sub->callback([&run, &what, &s] { run = [&what, &s] { return s.run(what); }; });
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        if (e.get_exit_code() == 0)
            return app.exit(e);
        remark(e.what());
        std::fputs("Run with --help for more information.\n", stderr);
        return not_possible;
    }
    try {
        return run();
    } catch (const std::exception& e) {
        remark(without_name(e.what()));
        return not_possible;
    }
}
