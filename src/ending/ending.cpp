#include "ending/ending.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include <semaphore.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <mpimap/detail/running_items.hpp>
#include <mpimap/errors.hpp>

#include "call/verdict.hpp"
#include "clock.hpp"
#include "ending/end_of_time.hpp"
#include "ending/launched.hpp"
#include "ending/timeline.hpp"
#include "errors/uncaught.hpp"
#include "kept/open_journal.hpp"
#include "quiet_thread.hpp"

namespace mpimap::detail {
namespace {

constexpr double usual_margin = 10;
constexpr std::array heeded_signals{SIGTERM, SIGINT, SIGUSR1, SIGUSR2};

double seconds_since_1970_now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}
/// As soon as anything asks, or the library is loaded.
double program_began() {
    static const double began = seconds_since_1970_now();
    return began;
}
[[maybe_unused]] const double asked_early = program_began();

/// On the engine's clock.
double engine_time(double since_1970) {
    return seconds_now() + (since_1970 - seconds_since_1970_now());
}

std::optional<double> earliest(std::optional<double> a, std::optional<double> b) {
    return a && b ? std::min(a, b) : (a ? a : b);
}

/// What the environment says.
struct environment_says {
    std::optional<double> deadline; // on the engine's clock
    std::optional<double> margin;
    std::string wrong; // the text, where it makes no sense
};
environment_says read_environment() {
    environment_says says;
    if (const char* const text = std::getenv("MPIMAP_DEADLINE"); text != nullptr && *text != '\0') {
        if (const std::optional<double> end = read_deadline(text, program_began())) {
            says.deadline = engine_time(*end);
        } else {
            says.wrong = "mpimap: MPIMAP_DEADLINE is \"" + std::string(text) +
                         "\", but should be seconds since 1970, or +seconds from the program's start";
        }
    }
    if (const char* const text = std::getenv("MPIMAP_MARGIN"); text != nullptr && *text != '\0') {
        says.margin = read_deadline(text, 0);
        if (!says.margin || *text == '+') {
            says.margin.reset();
            says.wrong = "mpimap: MPIMAP_MARGIN is \"" + std::string(text) + "\", but should be seconds";
        }
    }
    return says;
}
const environment_says& of_environment() {
    static const environment_says says = read_environment();
    return says;
}
double margin_of_process() {
    return of_environment().margin.value_or(usual_margin);
}

// ---------------------------------------------------------------- what signals leave behind

// Made once, for ever: handlers and the thread may look at it until the process is gone.
std::atomic<sem_t*> woken = nullptr;
pid_t process_of_handlers = 0;
bool launched_by_nobody = false;
bool launched_by_mpirun = false;
bool first_process = true;
std::atomic<bool> is_to_be_killed{false}; // soon: by mpirun within a second, by Slurm within KillWait
std::atomic<bool> is_over{false};         // the program
std::atomic<bool> is_to_end_at_once{false};
std::atomic<int> interrupts{0};

void wake() noexcept {
    if (sem_t* const semaphore = woken)
        (void)::sem_post(semaphore);
}

interruption& the_interruption() {
    static interruption one(wake);
    return one;
}

void heed(int signal) {
    const int before = errno;
    if (::getpid() != process_of_handlers) {
        ::signal(signal, SIG_DFL);
        ::raise(signal);
        return;
    }
    if (signal == SIGTERM || signal == SIGINT)
        is_to_be_killed = true;
    if (launched_by_nobody && signal == SIGINT && ++interrupts > 1)
        is_to_end_at_once = true;
    the_interruption().ask(signal);
    errno = before;
}

// ---------------------------------------------------------------- the thread

/// When the process is to have ended, as far as that is known: on the engine's clock. 0 if it is not.
std::atomic<double> process_ends{0};

class end_keeper {
  public:
    /// For ever.
    static end_keeper& here() {
        static end_keeper& one = *new end_keeper;
        return one;
    }

    /// Its thread has begun, or cannot begin: then nothing is given up.
    void begin() {
        const std::lock_guard lock(mutex_);
        if (gives_up)
            return;
        auto* const semaphore = new sem_t;
        ::sem_init(semaphore, 0, 0);
        woken = semaphore;
        gives_up = true;
        try {
            quiet_thread([this] { run(); }).detach();
        } catch (const std::system_error& e) {
            std::fprintf(stderr, "mpimap: what runs when the time is over is not given up: %s\n", e.what());
            std::fflush(stderr);
        }
    }
    void set_end(double ends) {
        process_ends = ends;
        {
            const std::lock_guard lock(mutex_);
            calls_.set_end(ends);
        }
        wake();
    }

    [[nodiscard]] std::size_t began(const timeline::call& c) {
        const std::lock_guard lock(mutex_);
        return calls_.began(seconds_now(), c);
    }
    void change(std::size_t key, const timeline::call& c) {
        {
            const std::lock_guard lock(mutex_);
            calls_.change(key, c);
        }
        if (c.ends)
            wake();
    }
    void ended(std::size_t key) {
        const std::lock_guard lock(mutex_);
        calls_.ended(key);
    }

  private:
    [[noreturn]] void run() {
        constexpr double between_looks = 0.1; // at journals
        constexpr double until_killed = 0.3;  // mpirun takes a second
        std::optional<double> asked;          // by a signal, here or elsewhere
        while (true) {
            const double now = seconds_now();
            const int cause = the_interruption().cause();
            const bool is_first = cause != 0 && cause != interruption::end_of_time && !asked;
            if (is_first) {
                asked = now;
                const std::lock_guard lock(mutex_);
                calls_.asked(now);
            }
            if (is_to_end_at_once)
                give_up("it was interrupted once more");
            const std::optional<double> end = gives_up_at();
            if (end && *end <= now)
                give_up(asked ? "it was to end because of " + text_of_cause(cause) : "the time is over");
            if (is_first)
                tell(cause);
            const double ends = process_ends;
            const bool is_near = cause != 0 || (ends != 0 && now >= ends - margin_of_process());
            if (is_near)
                settle_journals({.blames_nobody = !is_to_be_killed,
                                 .unlocked = is_to_be_killed && asked && now - *asked >= until_killed});
            std::optional<double> next = gives_up_at(timeline::idle::too);
            if (next)
                next = std::max(*next, now + between_looks);
            if (ends != 0) // of calls that begin later nobody wakes it
                next = earliest(next, std::max(ends - margin_of_process(), now + between_looks));
            if (is_near)
                next = earliest(next, now + between_looks);
            wait(next);
        }
    }
    static void wait(std::optional<double> until) {
        if (!until) {
            (void)::sem_wait(woken);
            return;
        }
        constexpr double for_ever = 1e15;
        timespec time{};
        *until = std::min(*until, for_ever);
        time.tv_sec = static_cast<time_t>(*until);
        time.tv_nsec = static_cast<long>((*until - std::floor(*until)) * 1e9);
        (void)::sem_clockwait(woken, CLOCK_MONOTONIC, &time);
    }
    [[nodiscard]] std::optional<double> gives_up_at(timeline::idle which = timeline::idle::not_) {
        const std::lock_guard lock(mutex_);
        return calls_.gives_up_at(which);
    }
    void tell(int cause) {
        // mpirun also ends what is left so, when another rank has died.
        if (!first_process || is_over || (launched_by_mpirun && is_to_be_killed))
            return;
        double margin = 0;
        {
            const std::lock_guard lock(mutex_);
            margin = calls_.margin();
        }
        std::fprintf(stderr,
                     "mpimap: %s: no more items are started, and those that run are given up in %g s%s\n",
                     text_of_cause(cause).c_str(), margin,
                     launched_by_nobody && cause == SIGINT ? "; once more ends the program at once" : "");
        std::fflush(stderr);
    }
    [[noreturn]] static void give_up(const std::string& why) {
        quiet_thread([] { // the disk may not answer
            sleep_for(std::chrono::seconds(5));
            std::_Exit(status_of_interrupted);
        })
            .detach();
        settle_journals({.blames_nobody = !is_to_be_killed});
        // Where mpirun ends the job, the others are ended, too.
        if (!(launched_by_mpirun && is_to_be_killed) || first_process) {
            std::fprintf(stderr, "mpimap: items that still run are given up, since %s: the job ends\n",
                         why.c_str());
            std::fflush(stderr);
        }
        end_job_with(status_of_interrupted);
    }

    std::mutex mutex_;
    timeline calls_{std::nullopt, margin_of_process()};
};

void set_process_end(std::optional<double> ends) {
    if (!ends)
        return;
    end_keeper::here().set_end(*ends);
    end_keeper::here().begin();
}

/// What all calls have in common, looked up once.
void begin_with_environment() {
    static const bool once = [] {
        set_process_end(of_environment().deadline);
        return true;
    }();
    (void)once;
}

std::atomic<bool> left_items{false};
double slurm_says = 0; // seconds since 1970

} // namespace

interruption& interruption_here() noexcept {
    return the_interruption();
}

int cause_of_ending() noexcept {
    if (const int cause = the_interruption().cause(); cause != 0)
        return cause;
    try {
        begin_with_environment();
    } catch (const std::bad_alloc&) {
        return 0;
    }
    const double ends = process_ends;
    return ends != 0 && seconds_now() >= ends - margin_of_process() ? interruption::end_of_time : 0;
}

void heed_signals_and_slurm() {
    static const bool once = [] {
        // Before MPI sets some of it.
        launched_by_nobody = has_no_launcher();
        launched_by_mpirun = is_started_by_mpirun();
        first_process = is_first_process();
        process_of_handlers = ::getpid();
        end_keeper::here().begin();
        (void)the_interruption();
        for (const int signal : heeded_signals) {
            struct sigaction now {};
            if (::sigaction(signal, nullptr, &now) != 0 || (now.sa_flags & SA_SIGINFO) != 0 ||
                now.sa_handler != SIG_DFL)
                continue; // the program's own, or ignored
            struct sigaction ours {};
            ours.sa_handler = heed;
            ours.sa_flags = SA_RESTART;
            sigemptyset(&ours.sa_mask);
            (void)::sigaction(signal, &ours, nullptr);
        }
        begin_with_environment();
        slurm_says = ask_slurm_for_end().value_or(0);
        know_end_of_slurm_job(slurm_says);
        return true;
    }();
    (void)once;
}

double end_of_slurm_job_here() noexcept {
    return slurm_says;
}

void know_end_of_slurm_job(double since_1970) {
    if (since_1970 != 0)
        set_process_end(earliest(engine_time(since_1970), of_environment().deadline));
}

time_of_call time_of(const options& o) {
    if (!of_environment().wrong.empty())
        throw invalid_argument(of_environment().wrong);
    begin_with_environment();
    time_of_call t;
    if (o.margin)
        t.given_margin = o.margin->count();
    t.margin = t.given_margin.value_or(margin_of_process());
    // What an item calls is a part of it.
    if (!running_items::any_here()) {
        if (const double ends = process_ends; ends != 0)
            t.ends = ends;
        if (!o.journal.empty()) {
            if (const std::optional<double> end = end_of_slurm_job())
                t.ends = earliest(t.ends, engine_time(*end));
        }
        t.is_of_program = t.ends.has_value();
    }
    if (o.deadline) {
        const std::chrono::duration<double> left = *o.deadline - std::chrono::system_clock::now();
        const double ends = seconds_now() + left.count();
        if (!t.ends || ends < *t.ends) {
            t.ends = ends;
            t.is_of_program = false;
        }
    }
    return t;
}

call_with_end::call_with_end(bool root, const std::atomic<bool>* busy) : root_(root), busy_(busy) {
    if (gives_up_here())
        key_ = end_keeper::here().began(call({}, {}));
}

call_with_end::~call_with_end() {
    if (key_)
        end_keeper::here().ended(*key_);
}

timeline::call call_with_end::call(std::optional<double> ends, std::optional<double> margin) const {
    constexpr double behind_the_root = 2;
    return {ends, margin, root_ ? 0 : behind_the_root, busy_};
}

void call_with_end::set(const time_of_call& time) {
    if (time.ends)
        end_keeper::here().begin();
    if (!key_ && gives_up_here())
        key_ = end_keeper::here().began(call({}, {}));
    // What all calls have in common the thread knows: to wake it takes as long as a short call does.
    const double of_process = process_ends;
    const bool is_own = time.ends && (of_process == 0 || *time.ends < of_process);
    if (key_ && (is_own || time.given_margin))
        end_keeper::here().change(*key_, call(is_own ? time.ends : std::nullopt, time.given_margin));
}

void call_with_end::set_margin(std::optional<double> margin) {
    if (key_)
        end_keeper::here().change(*key_, call({}, margin));
}

void note_end_of_program() noexcept {
    is_over = true;
}

void note_left_items(bool end_of_program) noexcept {
    if (running_items::any_here())
        return;
    const int cause = end_of_program ? interruption::end_of_time : cause_of_ending();
    if (cause == 0)
        return; // the call's own time
    left_items = true;
    the_interruption().ask(cause);
}
bool has_left_items() noexcept {
    return left_items;
}

} // namespace mpimap::detail
