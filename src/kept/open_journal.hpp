#pragma once

// The journals that this process writes to: each is opened when a call first names it, and closed when the
// program is done with MPI, or ends.

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "journal/record.hpp"
#include "kept/lock.hpp"
#include "kept/log_file.hpp"
#include "kept/stored_journal.hpp"

namespace mpimap::detail {

/// May be used by several threads.
class open_journal {
  public:
    /// Throws invalid_argument where somebody else has it, it is none, or cannot be written.
    explicit open_journal(const std::string& path);
    /// Says that nothing is under way, unless a call is.
    ~open_journal();
    open_journal(const open_journal&) = delete;
    open_journal& operator=(const open_journal&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// What was there when it was opened.
    [[nodiscard]] const journal::contents& before() const noexcept { return stored_->contents(); }
    [[nodiscard]] std::uint64_t number() const noexcept { return run_.journal; }

    /// The number of a call that begins to use it, from 1.
    [[nodiscard]] std::uint64_t call_begins();
    void call_ends();
    [[nodiscard]] bool is_used();

    /// A record with that content, in pieces. False where the journal has failed.
    bool add(const journal::record& what, std::span<const std::span<const std::byte>> content,
             log_file::written when);
    bool add(const journal::record& what, const buffer& content, log_file::written when);
    /// Whole records.
    bool add_records(const buffer& records, log_file::written when);
    /// Until all is written.
    bool write_out() { return log_->write_out(); }
    /// The job ends here: without waiting for anybody, and the next one finds no lock.
    void leave_at_once() noexcept {
        log_->write_out_at_once();
        lock_.release();
    }
    /// See settle_journals().
    void settle(bool unlocked) noexcept;
    [[nodiscard]] std::optional<std::string> failure() const { return log_->failure(); }

  private:
    std::string path_;
    file_lock lock_;
    std::optional<stored_journal> stored_;
    journal::run_info run_;
    std::optional<log_file> log_;
    std::mutex mutex_;
    std::vector<std::byte> end_mark_; // a record that says that nothing is under way
    std::uint64_t calls_ = 0;
    std::uint64_t under_way_ = 0;
};

/// The program is to end, and may be killed: what there is, is written, and is synced soon, and says that
/// nothing of what has begun is to blame. Waits for nobody. `unlocked`: another program may go on with it;
/// what still comes is written as long as none does.
void settle_journals(bool unlocked) noexcept;

/// Closes those that no call uses: from then on others may open them. Also done at the end of the program.
void close_journals() noexcept;

/// The one of that file.
[[nodiscard]] open_journal& journal_at(const std::string& path);

} // namespace mpimap::detail
