// Loaded ahead of a program: counts what it asks of the system for the files of a journal, and has the n-th
// of that end in a way of its own.
//
//   SHIM_FILES=PATH  files whose names begin with that
//   SHIM_CALL=N      the n-th call, from 1; SHIM_FROM=1: from then on all that write or sync
//   SHIM_DOES=kill   the process is killed ahead of it
//             torn   ... behind half of it, if it writes
//             after  ... behind it
//             ENOSPC, EIO  it fails; a write after half of it
//             unsynced     if it syncs, it fails with EIO
//             slow         if it syncs, it takes 100 ms
//             unsynced_late  the first that syncs takes 100 ms, and fails with EIO
//   SHIM_COUNT=FILE  how many there were is written there at the end

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <atomic>

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

namespace {

const char* setting(const char* name) {
    const char* const text = std::getenv(name);
    return text != nullptr ? text : "";
}

bool is_watched(const char* path) {
    const char* const files = setting("SHIM_FILES");
    return *files != '\0' && std::strncmp(path, files, std::strlen(files)) == 0;
}
bool is_watched(int file) {
    char path[4096] = {};
    const std::string link = "/proc/self/fd/" + std::to_string(file);
    return readlink(link.c_str(), path, sizeof path - 1) > 0 && is_watched(path);
}

template <typename F>
F next(const char* name) {
    return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}

std::atomic<long> calls{0};

struct at_end {
    ~at_end() {
        if (calls == 0 || *setting("SHIM_COUNT") == '\0')
            return;
        if (std::FILE* const f = std::fopen(setting("SHIM_COUNT"), "w")) {
            std::fprintf(f, "%ld\n", calls.load());
            std::fclose(f);
        }
    }
} const counted;

enum class kind { writes, syncs, other };
/// What becomes of a call: `half` does half of it, where that makes sense, `all` all of it.
template <typename Half, typename All>
auto call(kind what, const Half& half, const All& all) -> decltype(all()) {
    const long n = ++calls;
    const std::string does = setting("SHIM_DOES");
    const long at = std::atol(setting("SHIM_CALL"));
    const bool now = *setting("SHIM_FROM") == '1' ? n >= at : n == at;
    if (does == "slow" && what == kind::syncs)
        usleep(100000);
    if (static std::atomic<bool> failed{false};
        does == "unsynced_late" && what == kind::syncs && !failed.exchange(true)) {
        usleep(100000);
        errno = EIO;
        return -1;
    }
    if (!now || does.empty() || does == "slow" || does == "unsynced_late")
        return all();
    if (does == "kill")
        kill(getpid(), SIGKILL);
    if (does == "torn") {
        half();
        kill(getpid(), SIGKILL);
    }
    if (does == "after") {
        all();
        kill(getpid(), SIGKILL);
    }
    if (what == kind::other || (does == "unsynced" && what != kind::syncs))
        return all();
    if (does == "ENOSPC" && what == kind::writes) {
        // As a disk does that has some room left, which then has none.
        static std::atomic<bool> had_some{false};
        if (!had_some.exchange(true))
            return half();
    }
    errno = does == "ENOSPC" ? ENOSPC : EIO;
    return -1;
}

} // namespace

extern "C" {

ssize_t write(int file, const void* data, size_t size) {
    static const auto real = next<ssize_t (*)(int, const void*, size_t)>("write");
    if (!is_watched(file))
        return real(file, data, size);
    return call(
        kind::writes, [&] { return real(file, data, size / 2); }, [&] { return real(file, data, size); });
}
int fdatasync(int file) {
    static const auto real = next<int (*)(int)>("fdatasync");
    if (!is_watched(file))
        return real(file);
    return call(
        kind::syncs, [] { return 0; }, [&] { return real(file); });
}
int ftruncate(int file, off_t size) {
    static const auto real = next<int (*)(int, off_t)>("ftruncate");
    if (!is_watched(file))
        return real(file, size);
    return call(
        kind::other, [] { return 0; }, [&] { return real(file, size); });
}
int link(const char* from, const char* to) {
    static const auto real = next<int (*)(const char*, const char*)>("link");
    if (!is_watched(to))
        return real(from, to);
    return call(
        kind::other, [] { return 0; }, [&] { return real(from, to); });
}
int unlink(const char* path) {
    static const auto real = next<int (*)(const char*)>("unlink");
    if (!is_watched(path))
        return real(path);
    return call(
        kind::other, [] { return 0; }, [&] { return real(path); });
}
}
