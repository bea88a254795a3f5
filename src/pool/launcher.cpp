#include "pool/launcher.hpp"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace mpimap::detail {
namespace {

/// The environment at the start of the process.
std::map<std::string, std::string> first_environment() {
    std::map<std::string, std::string> all;
    std::ifstream file("/proc/self/environ", std::ios::binary);
    for (std::string entry; std::getline(file, entry, '\0');) {
        const std::size_t equals = entry.find('=');
        if (equals != std::string::npos)
            all.emplace(entry.substr(0, equals), entry.substr(equals + 1));
    }
    return all;
}

std::optional<long long> number_in(const std::map<std::string, std::string>& all, const char* name) {
    const auto at = all.find(name);
    if (at == all.end())
        return std::nullopt;
    char* end = nullptr;
    errno = 0;
    const long long n = std::strtoll(at->second.c_str(), &end, 10);
    if (errno != 0 || end == at->second.c_str() || *end != '\0')
        return std::nullopt;
    return n;
}

/// A task of srun. The script of a batch job and the shell of an allocation have most of Slurm's variables,
/// too, but are no tasks, or are steps with numbers from the end of 32 bits; a program in a shell that srun
/// started has all of them, but is not the process that they name.
bool is_task_of_srun(const std::map<std::string, std::string>& all) {
    constexpr long long first_special_step = 0xfffffff0;
    const auto step = number_in(all, "SLURM_STEP_ID");
    if (!step || *step >= first_special_step)
        return false;
    return number_in(all, "SLURM_TASK_PID") == static_cast<long long>(getpid()) ||
           number_in(all, "SLURM_STEP_NUM_TASKS").value_or(1) > 1;
}

constexpr const char* include_interfaces = "OMPI_MCA_btl_tcp_if_include";
constexpr const char* exclude_interfaces = "OMPI_MCA_btl_tcp_if_exclude";
constexpr const char* loopback = "127.0.0.1/8";
bool loopback_was_set = false;

} // namespace

bool has_launcher() {
    const std::map<std::string, std::string> all = first_environment();
    for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", "PMI_SIZE"}) {
        if (all.contains(name))
            return true;
    }
    return is_task_of_srun(all);
}

std::string job_name() {
    for (const char* name : {"PMIX_NAMESPACE", "PMI_JOBID", "SLURM_STEP_ID"}) {
        if (const char* const value = std::getenv(name)) {
            const char* const job = std::getenv("SLURM_JOB_ID"); // steps are numbered within one
            return (job != nullptr ? std::string(job) + "." : std::string()) + value;
        }
    }
    return {};
}

spawning_conditions::spawning_conditions() {
    if (has_launcher())
        return;
    use_loopback();
    input_ = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    const int nothing = open("/dev/null", O_RDONLY);
    // Where it was closed this stays: a program that reads it would take what Open MPI opens in its place.
    if (nothing > STDIN_FILENO) {
        dup2(nothing, STDIN_FILENO);
        close(nothing);
    }
}

spawning_conditions::~spawning_conditions() {
    if (set_)
        unsetenv(include_interfaces); // not for what this program may start otherwise
    if (input_ >= 0) {
        dup2(input_, STDIN_FILENO);
        close(input_);
    }
}

void spawning_conditions::use_loopback() {
    for (const char* name : {"SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID", "COBALT_JOBID",
                             include_interfaces, exclude_interfaces}) {
        if (std::getenv(name) != nullptr)
            return; // ranks may be spawned on other hosts
    }
    set_ = setenv(include_interfaces, loopback, 0) == 0;
    loopback_was_set = set_;
}

const char* spawning_conditions::of_spawned() noexcept {
    return loopback_was_set ? "OMPI_MCA_btl_tcp_if_include=127.0.0.1/8" : "";
}

} // namespace mpimap::detail
