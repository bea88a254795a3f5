#pragma once

// A file that grows at its end only, written by a thread of its own.

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace mpimap::detail {

/// What is added is on disk a second later: synced together with all that came meanwhile (group commit).
/// Nobody waits for the disk, unless it is slower than what comes. The thread handles no signals and calls no
/// MPI.
class log_file {
  public:
    /// When what is added is written, so that it is there though this process is killed: within the second
    /// that it is synced in, or before add() returns, and synced as well.
    enum class written { soon, at_once, on_disk };

    /// Appends to `path`, or to the last one of its files, from `end` on, and cuts off what is behind.
    /// `preamble`: what a file of this kind begins with, written where `end` is 0, and again where the log
    /// goes on in another file: `path`.1, .2 and so on, since a file that could not be synced is never
    /// written again. Throws invalid_argument where the file cannot be opened.
    log_file(std::string path, std::size_t end, std::vector<std::byte> preamble);
    /// Writes and syncs the rest.
    ~log_file();
    log_file(const log_file&) = delete;
    log_file& operator=(const log_file&) = delete;

    /// Copies the pieces, which follow one another. False where the log has failed, which it stays: they are
    /// lost.
    bool add(std::span<const std::span<const std::byte>> pieces, written when = written::soon);
    /// Returns when all that was added is written, or the log has failed: false then.
    bool write_out();
    /// At the end of the job: without waiting for anybody, if it can be done so.
    void write_out_at_once() noexcept;
    /// The job may end soon: writes all, with `mark` behind it where something was added since the last one,
    /// and has it synced soon, without waiting for anybody.
    void settle(std::span<const std::byte> mark) noexcept;
    /// Returns when it is on disk, likewise.
    bool flush();
    /// Why it has failed; nothing where it has not.
    [[nodiscard]] std::optional<std::string> failure() const;

    /// The names of a log's files that are there, the first one ahead.
    [[nodiscard]] static std::vector<std::string> files_of(const std::string& path);

  private:
    using bytes = std::vector<std::byte>;

    void open(const std::string& path, std::size_t end);
    void run();
    // With the lock held.
    void commit(std::unique_lock<std::mutex>& lock);
    void write_pending();
    [[nodiscard]] bool write(std::span<const std::byte> what);
    void go_on_in_next_file(const bytes& not_synced, const std::string& why);
    void fail(const std::string& why);
    [[nodiscard]] std::size_t waiting() const noexcept { return pending_.size() + unsynced_.size(); }

    std::string path_;
    bytes preamble_;
    int file_ = -1;
    std::size_t size_ = 0;   // of the file, as far as we know
    std::size_t most_ = 0;   // that it may have: a write beyond would be a signal
    std::size_t number_ = 0; // of the file

    mutable std::mutex mutex_;
    std::condition_variable changed_;  // for the thread
    std::condition_variable advanced_; // for those who wait
    bytes pending_;
    bytes unsynced_;        // written, and to be written again where the file cannot be synced
    bytes syncing_;         // the thread's, meanwhile
    std::size_t added_ = 0; // bytes, ever
    std::size_t synced_ = 0;
    std::size_t settled_ = 0;
    std::optional<std::string> failure_;
    bool hurry_ = false;
    bool slow_told_ = false;
    bool quit_ = false;
    std::thread thread_;
};

} // namespace mpimap::detail
