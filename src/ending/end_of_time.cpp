#include "ending/end_of_time.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.hpp"
#include "ending/launched.hpp"

namespace mpimap::detail {
namespace {

std::optional<double> number_in(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) || value < 0)
        return std::nullopt;
    return value;
}

/// What the command prints, one line of it, within so many seconds.
std::string output_of(const char* const* arguments, double seconds) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return {};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    const int failed =
        ::posix_spawnp(&child, arguments[0], &actions, nullptr, const_cast<char* const*>(arguments), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    std::string text;
    const double until = seconds_now() + seconds;
    while (failed == 0) {
        pollfd readable{ends[0], POLLIN, 0};
        const double left = until - seconds_now();
        if (left <= 0 || ::poll(&readable, 1, static_cast<int>(left * 1e3) + 1) < 0)
            break;
        std::array<char, 256> some;
        const ssize_t n = readable.revents == 0 ? 0 : ::read(ends[0], some.data(), some.size());
        if (n <= 0)
            break;
        text.append(some.data(), static_cast<std::size_t>(n));
    }
    ::close(ends[0]);
    if (failed == 0) {
        if (seconds_now() >= until)
            ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
    }
    return text.substr(0, text.find('\n'));
}

} // namespace

std::optional<double> read_deadline(std::string_view text, double program_began) {
    const bool relative = text.starts_with('+');
    const std::optional<double> value = number_in(text.substr(relative ? 1 : 0));
    if (!value || !relative)
        return value;
    return program_began + *value;
}

std::optional<double> end_of_slurm_job() {
    const char* const text = std::getenv("SLURM_JOB_END_TIME");
    return text == nullptr ? std::nullopt : number_in(text);
}

std::optional<double> ask_slurm_for_end() {
    if (const std::optional<double> known = end_of_slurm_job())
        return known;
    const char* const job = std::getenv("SLURM_JOB_ID");
    if (job == nullptr || !is_first_process())
        return std::nullopt;
    const std::array arguments{
        "env",         "SLURM_TIME_FORMAT=%s",           "squeue", "--noheader", "--jobs", job,
        "--format=%e", static_cast<const char*>(nullptr)};
    return number_in(output_of(arguments.data(), 3));
}

} // namespace mpimap::detail
