#include "running/last_words.hpp"

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

#include "command_line.hpp"

namespace mpimap::detail {
namespace {

struct fatal_signal {
    int number;
    std::string_view name;
};
constexpr fatal_signal signals_of_death[] = {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},
                                             {SIGILL, "SIGILL"},   {SIGABRT, "SIGABRT"}, {SIGSYS, "SIGSYS"},
                                             {SIGXCPU, "SIGXCPU"}};

struct sigaction before_ours[std::size(signals_of_death)];
std::atomic_flag has_told;

/// What a handler needs, made beforehand.
struct known {
    line_to_run_again how_to_run_again{started_as()};
    char host[256] = "unknown host";
    pid_t process = getpid(); // what an item forks is no rank
    known() { (void)gethostname(host, sizeof host - 1); }
};
/// For ever: it is wanted while the program exits.
const known& known_beforehand() {
    static const known& k = *new known;
    return k;
}

void handle(int number, siginfo_t* info, void*) {
    for (std::size_t i = 0; i < std::size(signals_of_death); ++i) {
        if (signals_of_death[i].number != number)
            continue;
        // First of all: what is done here may come to the same.
        sigaction(number, &before_ours[i], nullptr);
        char memory[64];
        short_text cause(memory);
        // What threw where nobody catches it has been told.
        const running_items* const runs = running_items::innermost();
        if (number != SIGABRT || runs == nullptr || !runs->uncaught())
            tell_last_words(cause.add("dies by ").add(signals_of_death[i].name).view());
    }
    // An instruction that cannot be executed is tried again behind this, for the handler before, or nobody.
    const bool comes_again =
        info->si_code > 0 && (number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL);
    if (!comes_again)
        raise(number);
}

void at_exit(int status, void*) {
    fatal_signals::tell_of_exit(status);
}

/// For a stack that has overflowed. Open MPI's handler, which comes next, prints a trace there.
void set_up_stack() noexcept {
    static char memory[256 * 1024];
    stack_t there{};
    if (sigaltstack(nullptr, &there) != 0 || (there.ss_flags & SS_DISABLE) == 0)
        return;
    stack_t own{};
    own.ss_sp = memory;
    own.ss_size = sizeof memory;
    (void)sigaltstack(&own, nullptr);
}

bool is_unhandled(int number) noexcept {
    struct sigaction now {};
    return sigaction(number, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 &&
           now.sa_handler == SIG_DFL;
}

/// Of a call that an item makes the program can make nothing.
const running_items& of_program(const running_items& innermost) {
    const running_items* of = &innermost;
    while (of->outer() != nullptr && of->call().ordinal == 0)
        of = of->outer();
    return *of;
}

} // namespace

void append_last_words(short_text& text, const running_items& innermost, std::string_view host,
                       std::string_view cause, const line_to_run_again& again) {
    const running_items& of = of_program(innermost);
    text.add("mpimap: rank ").add(of.where().rank).add(" (").add(host).add(") ").add(cause);
    text.add(" in item ").add(of.item());
    if (of.call().ordinal != 0) {
        text.add(" of call ").add(of.call().ordinal);
        if (again.is_known() && !of.uncaught()) { // what runs alone is being run again
            text.add("\nTo run item ").add(of.item()).add(" again, here:\n  ");
            again.write({of.item(), of.call().ordinal, of.call().root},
                        [&text](std::string_view piece) { text.add(piece); });
        }
    }
    text.add("\n");
}

void append_arguments(short_text& text, const running_items& innermost) {
    char memory[512];
    short_text arguments(memory);
    of_program(innermost).append_arguments(arguments);
    if (!arguments.view().empty())
        text.add("Its arguments: ").add(arguments.view()).add("\n");
}

namespace {

/// "a3f0c2 2 17 3 n4 dies by SIGSEGV": for the program that comes to the same journal next.
void add_death(const running_items& innermost, std::string_view host, std::string_view cause) noexcept {
    const running_items& of = of_program(innermost);
    if (of.call().deaths.empty() || of.uncaught())
        return;
    char memory[1024];
    short_text line(memory);
    line.add(of.call().death_of).add(" ").add(of.item()).add(" ").add(of.where().rank).add(" ").add(host);
    line.add(" ").add(cause).add("\n");
    const int file = ::open(of.call().deaths.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0)
        return;
    (void)!write(file, line.view().data(), line.view().size()); // in one piece, whoever else dies
    (void)fsync(file);
    (void)close(file);
}

} // namespace

void tell_last_words(const running_items& innermost, std::string_view cause) noexcept {
    const known& here = known_beforehand();
    if (here.process != getpid() || has_told.test_and_set())
        return;
    static char memory[16 * 1024];
    short_text text(memory);
    append_last_words(text, innermost, here.host, cause, here.how_to_run_again);
    (void)!write(STDERR_FILENO, text.view().data(), text.view().size());
    add_death(innermost, here.host, cause);
    // By themselves: they may be what it dies of.
    short_text arguments(memory);
    append_arguments(arguments, innermost);
    (void)!write(STDERR_FILENO, arguments.view().data(), arguments.view().size());
}

void tell_last_words(std::string_view cause) noexcept {
    if (const running_items* const innermost = running_items::innermost())
        tell_last_words(*innermost, cause);
}

fatal_signals::fatal_signals() noexcept {
    for (std::size_t i = 0; i < std::size(signals_of_death); ++i)
        unhandled_ |= is_unhandled(signals_of_death[i].number) ? 1U << i : 0U;
}

void fatal_signals::install() {
    static const bool once = [this] {
        (void)known_beforehand();
        set_up_stack();
        for (std::size_t i = 0; i < std::size(signals_of_death); ++i) {
            struct sigaction ours {};
            ours.sa_sigaction = handle;
            ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
            sigemptyset(&ours.sa_mask);
            if ((unhandled_ & 1U << i) != 0)
                sigaction(signals_of_death[i].number, &ours, &before_ours[i]);
        }
        return on_exit(at_exit, nullptr) == 0;
    }();
    (void)once;
}

void fatal_signals::tell_of_exit(int status) noexcept {
    char memory[64];
    short_text cause(memory);
    tell_last_words(cause.add("calls exit(").add(status).add(")").view());
}

} // namespace mpimap::detail
