#include "kept/lock.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <mpimap/errors.hpp>

#include "clock.hpp"

namespace mpimap::detail {
namespace {

struct process_state {
    bool runs = false;       // or has ended, and nobody has waited for it
    std::uint64_t began = 0; // in ticks since the host did; 0 where the system does not say
};
process_state state_of(pid_t process) {
    if (::kill(process, 0) != 0 && errno == ESRCH)
        return {};
    std::ifstream in("/proc/" + std::to_string(process) + "/stat");
    std::string line;
    std::getline(in, line);
    const std::size_t name_ends = line.rfind(')'); // the name may hold anything
    if (name_ends == std::string::npos)            // it ends meanwhile, or nobody may look at it
        return {::kill(process, 0) == 0 || errno != ESRCH, 0};
    std::istringstream fields(line.substr(name_ends + 1));
    std::string state;
    std::string skipped;
    fields >> state;
    for (int field = 4; field < 22; ++field)
        fields >> skipped;
    process_state s{state != "Z" && state != "X", 0};
    fields >> s.began;
    return s;
}

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

std::string content_of(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream all;
    all << in.rdbuf();
    return all.str();
}

/// False where there is one already. It appears with all its text, or not at all.
bool make(const std::string& path, const lock_owner& owner) {
    const std::string text = text_of(owner);
    const std::string beside = path + "." + owner.host + "." + std::to_string(owner.process);
    const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0)
        throw invalid_argument("mpimap: " + path + " cannot be made: " + std::strerror(errno));
    bool made = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    made = ::close(file) == 0 && made && ::link(beside.c_str(), path.c_str()) == 0;
    const int why = errno;
    ::unlink(beside.c_str());
    if (!made && why != EEXIST)
        throw invalid_argument("mpimap: " + path + " cannot be made: " + std::strerror(why));
    return made;
}

[[noreturn]] void refuse(const std::string& path, const std::optional<lock_owner>& other) {
    if (!other) {
        throw invalid_argument("mpimap: " + path +
                               " does not say whose it is; if no program uses that journal, remove it");
    }
    throw invalid_argument("mpimap: another program uses that journal: " + path + " is of process " +
                           std::to_string(other->process) + " on " + other->host +
                           (other->job.empty() ? std::string() : ", job " + other->job) +
                           "; if that has ended, remove the file");
}

} // namespace

lock_owner this_process() {
    lock_owner here{host_name(), getpid(), state_of(getpid()).began, variable("SLURM_JOB_ID"), 0};
    here.restarts = std::strtoull(variable("SLURM_RESTART_COUNT").c_str(), nullptr, 10);
    return here;
}

std::string text_of(const lock_owner& owner) {
    std::ostringstream text;
    text << "host " << owner.host << "\nprocess " << owner.process << "\nbegan " << owner.began << '\n';
    if (!owner.job.empty())
        text << "job " << owner.job << "\nrestarts " << owner.restarts << '\n';
    return text.str();
}

std::optional<lock_owner> owner_of(const std::string& text) {
    lock_owner owner;
    std::istringstream lines(text);
    std::string name;
    while (lines >> name) {
        if (name == "host") {
            lines >> owner.host;
        } else if (name == "process") {
            lines >> owner.process;
        } else if (name == "began") {
            lines >> owner.began;
        } else if (name == "job") {
            lines >> owner.job;
        } else if (name == "restarts") {
            lines >> owner.restarts;
        } else {
            return std::nullopt;
        }
    }
    if (owner.host.empty() || owner.process <= 0)
        return std::nullopt;
    return owner;
}

bool has_ended(const lock_owner& owner, const lock_owner& here) {
    if (!owner.job.empty() && owner.job == here.job && owner.restarts < here.restarts)
        return true;
    if (owner.host != here.host)
        return false;
    const process_state state = state_of(owner.process);
    return !state.runs || (state.began != 0 && owner.began != 0 && state.began != owner.began);
}

file_lock::file_lock(std::string path) : path_(std::move(path) + ".lock"), owner_(this_process()) {
    while (!make(path_, owner_)) {
        const std::string text = content_of(path_);
        if (text.empty() && ::access(path_.c_str(), F_OK) != 0)
            continue; // it has gone meanwhile
        const std::optional<lock_owner> other = owner_of(text);
        if (!other || !has_ended(*other, owner_))
            refuse(path_, other);
        // One at a time takes it away, and looks again when it is the one.
        const std::string takeover = path_ + ".takeover";
        if (!make(takeover, owner_)) {
            const std::optional<lock_owner> taker = owner_of(content_of(takeover));
            if (taker && has_ended(*taker, owner_))
                refuse(takeover, taker);
            sleep_for(std::chrono::milliseconds(1));
            continue;
        }
        if (owner_of(content_of(path_)) == other)
            ::unlink(path_.c_str());
        ::unlink(takeover.c_str());
    }
}

void file_lock::release() noexcept {
    try {
        // Not another's, since somebody has removed this one; and not in a child of this process.
        if (owner_.process == ::getpid() && owner_of(content_of(path_)) == owner_)
            ::unlink(path_.c_str());
    } catch (const std::exception&) {
        // It stays, and is taken over where somebody can see that this process has ended.
    }
}

} // namespace mpimap::detail
