#pragma once

// That one program at a time writes to a file: a file beside it that says which.

#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

namespace mpimap::detail {

/// Who holds a lock.
struct lock_owner {
    std::string host;
    pid_t process = 0;
    std::uint64_t began = 0;    // the process, in ticks since the host did: numbers of processes come again
    std::string job;            // of the batch system; empty where there is none
    std::uint64_t restarts = 0; // of that job

    friend bool operator==(const lock_owner&, const lock_owner&) = default;
};
[[nodiscard]] lock_owner this_process();
[[nodiscard]] std::string text_of(const lock_owner& owner);
/// What text_of() gave; nothing where it did not.
[[nodiscard]] std::optional<lock_owner> owner_of(const std::string& text);
/// Whether it is known to have ended: on this host there is no such process, or it is this job, which has
/// been started again since.
[[nodiscard]] bool has_ended(const lock_owner& owner, const lock_owner& here);

/// Holds `path`.lock from here to its end.
class file_lock {
  public:
    /// Takes it over from an owner that has ended. Throws invalid_argument, which names the owner, where
    /// somebody else has it, or it cannot be made.
    explicit file_lock(std::string path);
    ~file_lock() { release(); }
    file_lock(const file_lock&) = delete;
    file_lock& operator=(const file_lock&) = delete;

    /// Before its end.
    void release() noexcept;

  private:
    std::string path_;
    lock_owner owner_;
};

} // namespace mpimap::detail
