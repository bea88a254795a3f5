#include "kept/log_file.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mpimap/errors.hpp>

#include "quiet_thread.hpp"

namespace mpimap::detail {
namespace {

constexpr std::size_t enough = 8U << 20U;    // bytes that are synced before the second is over
constexpr std::size_t too_many = 64U << 20U; // whoever adds more waits

std::string name_of(const std::string& path, std::size_t number) {
    return number == 0 ? path : path + "." + std::to_string(number);
}

/// EINTR is no failure.
template <typename Call>
auto again_if_interrupted(const Call& call) {
    auto result = call();
    while (result < 0 && errno == EINTR)
        result = call();
    return result;
}

/// So that a file that has been made is there when its contents are; where that cannot be had, nothing is
/// lost but that.
void sync_folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0)
        return;
    (void)::fsync(file);
    ::close(file);
}

} // namespace

std::vector<std::string> log_file::files_of(const std::string& path) {
    std::vector<std::string> all;
    while (::access(name_of(path, all.size()).c_str(), F_OK) == 0)
        all.push_back(name_of(path, all.size()));
    return all;
}

log_file::log_file(std::string path, std::size_t end, std::vector<std::byte> preamble)
    : path_(std::move(path)), preamble_(std::move(preamble)) {
    const std::size_t files = files_of(path_).size();
    number_ = files == 0 ? 0 : files - 1;
    open(name_of(path_, number_), end);
    if (end == 0)
        pending_ = preamble_;
    added_ = pending_.size();
    write_pending();
    thread_ = quiet_thread([this] { run(); });
}

log_file::~log_file() {
    {
        const std::lock_guard lock(mutex_);
        quit_ = true;
    }
    changed_.notify_one();
    thread_.join();
    if (file_ >= 0)
        ::close(file_);
}

void log_file::open(const std::string& path, std::size_t end) {
    file_ = again_if_interrupted([&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666); });
    if (file_ < 0)
        throw invalid_argument("mpimap: the journal " + path + " cannot be opened: " + std::strerror(errno));
    const auto size = static_cast<off_t>(end);
    if (again_if_interrupted([&] { return ::ftruncate(file_, size); }) != 0 ||
        ::lseek(file_, size, SEEK_SET) != size) {
        const int why = errno;
        ::close(std::exchange(file_, -1));
        throw invalid_argument("mpimap: the journal " + path + " cannot be written: " + std::strerror(why));
    }
    if (end == 0)
        sync_folder_of(path);
    size_ = end;
    rlimit limit{};
    most_ = ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY
                ? static_cast<std::size_t>(limit.rlim_cur)
                : std::numeric_limits<std::size_t>::max();
}

// ---------------------------------------------------------------- whoever adds

bool log_file::add(std::span<const std::span<const std::byte>> pieces, written when) {
    std::unique_lock lock(mutex_);
    if (waiting() > too_many && !failure_ && !std::exchange(slow_told_, true)) {
        std::fputs("mpimap: results come faster than the journal is written, and wait for it\n", stderr);
        std::fflush(stderr);
    }
    advanced_.wait(lock, [this] { return failure_ || waiting() <= too_many; });
    if (failure_)
        return false;
    std::size_t size = 0;
    for (const auto& piece : pieces)
        size += piece.size();
    // Where there is no memory for all of it there is to be none of it: what follows would not be found.
    if (size > pending_.capacity() - pending_.size())
        pending_.reserve(std::max(pending_.size() + size, 2 * pending_.capacity()));
    for (const auto& piece : pieces) {
        pending_.insert(pending_.end(), piece.begin(), piece.end());
        added_ += piece.size();
    }
    if (when != written::soon)
        write_pending();
    if (waiting() >= enough || when == written::on_disk) {
        hurry_ = true;
        changed_.notify_one();
    }
    if (when == written::on_disk) {
        const std::size_t wanted = added_;
        advanced_.wait(lock, [&] { return failure_ || synced_ >= wanted; });
    }
    return !failure_;
}

bool log_file::write_out() {
    const std::lock_guard lock(mutex_);
    write_pending();
    return !failure_;
}

void log_file::write_out_at_once() noexcept {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    try {
        if (lock)
            write_pending();
    } catch (const std::bad_alloc&) {
        // It is written, and nobody will sync it.
    }
}

void log_file::settle(std::span<const std::byte> mark) noexcept {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    try {
        if (!lock || failure_ || settled_ == added_)
            return;
        pending_.insert(pending_.end(), mark.begin(), mark.end());
        added_ += mark.size();
        settled_ = added_;
        write_pending();
    } catch (const std::bad_alloc&) {
        return; // what is there is written in a second, or never
    }
    hurry_ = true;
    changed_.notify_one();
}

bool log_file::flush() {
    std::unique_lock lock(mutex_);
    const std::size_t wanted = added_;
    hurry_ = true;
    changed_.notify_one();
    advanced_.wait(lock, [&] { return failure_ || synced_ >= wanted; });
    return !failure_;
}

std::optional<std::string> log_file::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

// ---------------------------------------------------------------- the thread

void log_file::run() {
    constexpr std::chrono::seconds between_commits{1};
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait_for(lock, between_commits, [this] { return hurry_ || quit_; });
        hurry_ = false;
        try {
            commit(lock);
        } catch (const std::bad_alloc&) {
            if (!lock.owns_lock())
                lock.lock();
            fail("cannot be written: there is no memory left");
        }
        if (quit_ && (failure_ || waiting() == 0))
            return;
    }
}

void log_file::commit(std::unique_lock<std::mutex>& lock) {
    if (waiting() == 0 || failure_)
        return;
    write_pending();
    syncing_.swap(unsynced_);
    const int file = file_;
    lock.unlock();
    advanced_.notify_all();
    const bool synced = again_if_interrupted([file] { return ::fdatasync(file); }) == 0 ||
                        errno == EINVAL; // nothing to sync there
    const int why = errno;
    lock.lock();
    if (synced) {
        synced_ += syncing_.size();
    } else if (!failure_) {
        go_on_in_next_file(syncing_, std::string("cannot be synced: ") + std::strerror(why));
    }
    syncing_.clear();
    advanced_.notify_all();
}

void log_file::fail(const std::string& why) {
    failure_ = "mpimap: the journal " + name_of(path_, number_) + " " + why;
    pending_.clear();
    advanced_.notify_all();
}

void log_file::write_pending() {
    if (failure_ || pending_.empty() || !write(pending_))
        return;
    unsynced_.insert(unsynced_.end(), pending_.begin(), pending_.end());
    pending_.clear();
}

bool log_file::write(std::span<const std::byte> what) {
    const std::size_t before = size_;
    const auto failed = [&](int why) {
        // What is half there is nothing: its checksum is wrong, and whoever reads it knows.
        if (size_ != before && ::ftruncate(file_, static_cast<off_t>(before)) == 0)
            size_ = before;
        fail(std::string("cannot be written: ") + std::strerror(why));
        return false;
    };
    struct stat now {};
    if (::fstat(file_, &now) == 0 && static_cast<std::size_t>(now.st_size) != size_) {
        fail("has another length than was written: another program writes to it");
        return false;
    }
    if (what.size() > most_ || size_ > most_ - what.size())
        return failed(EFBIG);
    while (!what.empty()) {
        const ssize_t n = again_if_interrupted([&] { return ::write(file_, what.data(), what.size()); });
        if (n < 0)
            return failed(errno);
        what = what.subspan(static_cast<std::size_t>(n));
        size_ += static_cast<std::size_t>(n);
    }
    return true;
}

/// What the system has forgotten of the one before is written again, at a place of its own, and then what
/// came meanwhile.
void log_file::go_on_in_next_file(const bytes& not_synced, const std::string& why) {
    ::close(std::exchange(file_, -1));
    ++number_;
    try {
        open(name_of(path_, number_), 0);
    } catch (const invalid_argument&) {
        --number_;
        fail(why);
        return;
    }
    if (!write(preamble_) || !write(not_synced) || !write(unsynced_))
        return;
    if (again_if_interrupted([this] { return ::fdatasync(file_); }) != 0) {
        fail(std::string("cannot be synced: ") + std::strerror(errno));
        return;
    }
    synced_ += not_synced.size() + std::exchange(unsynced_, {}).size();
}

} // namespace mpimap::detail
