#include "kept/open_journal.hpp"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include <fcntl.h>
#include <mpi.h>
#include <unistd.h>

#include <mpimap/detail/code_token.hpp>
#include <mpimap/errors.hpp>

#include "errors/uncaught.hpp"
#include "kept/wall_clock.hpp"

namespace mpimap::detail {
namespace {

/// Of the file, also where the program changes its folder.
std::string whole_path(const std::string& path) {
    std::error_code none;
    const std::filesystem::path whole =
        std::filesystem::weakly_canonical(std::filesystem::absolute(path), none);
    return none ? path : whole.string();
}

std::uint64_t any_number() {
    std::random_device random;
    const std::uint64_t high = random();
    return (high << 32U | random()) | 1U; // none is 0
}

std::uint64_t ranks_of_program() {
    int running = 0;
    int size = 1;
    if (MPI_Initialized(&running) == MPI_SUCCESS && running != 0)
        MPI_Comm_size(MPI_COMM_WORLD, &size);
    return static_cast<std::uint64_t>(size);
}

std::optional<stored_journal> stored_at(const std::string& path) {
    if (log_file::files_of(path).empty()) {
        if (::access((path + ".1").c_str(), F_OK) == 0)
            throw invalid_argument("mpimap: the journal " + path + " is not there, but " + path +
                                   ".1 is, in which it went on: remove both, or none");
        // It is there for whoever looks, and cannot be made for who may not.
        const log_file made(path, 0, {});
    }
    return std::optional<stored_journal>(std::in_place, path);
}

void tell(const std::string& text) {
    std::fputs(("mpimap: " + text + "\n").c_str(), stderr);
    std::fflush(stderr);
}

} // namespace

open_journal::open_journal(const std::string& path) : path_(path), lock_(path), stored_(stored_at(path)) {
    const journal::contents& old = stored_->contents();
    const lock_owner here = this_process();
    run_.journal = stored_->number() != 0 ? stored_->number() : any_number();
    run_.began = seconds_since_1970();
    run_.ranks = ranks_of_program();
    run_.program = this_program().identity;
    run_.host = here.host;
    run_.job = here.job;
    buffer preamble;
    append(preamble, run_);
    const std::size_t once = preamble.size();
    append(preamble, run_);
    const std::span<const std::byte> all{preamble.data(), preamble.size()};

    buffer mark;
    journal::append(mark, run_.journal, {journal::kind::end}, nullptr, 0);
    end_mark_.assign(mark.data(), mark.data() + mark.size());

    const stored_journal::file& last = stored_->files().back();
    if (!last.unreadable.empty()) {
        // Nothing of that file can be told from what is added to it: the journal goes on in the next one.
        const std::string next = path_ + "." + std::to_string(stored_->files().size());
        const int file = ::open(next.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        if (file < 0)
            throw invalid_argument("mpimap: the journal " + path_ + " cannot go on in " + next + ": " +
                                   std::strerror(errno));
        ::close(file);
    }
    const std::size_t end = last.unreadable.empty() ? last.end : 0;
    log_.emplace(path_, end, std::vector<std::byte>(all.begin(), all.end()));
    if (end != 0) {
        const std::span<const std::byte> run[] = {all.first(once)};
        log_->add(run, log_file::written::at_once);
    }
    if (const std::size_t damaged = stored_->damaged_bytes(); damaged != 0) {
        tell("of the journal " + path_ + ", " + std::to_string(damaged) +
             " bytes are damaged: what they said is computed again");
    }
    if (!old.runs().empty() && old.runs().back().program != run_.program) {
        tell("the journal " + path_ +
             " was written by another build of the program: give another file if its results are no longer "
             "right");
    }
}

void open_journal::settle(bool unlocked) noexcept {
    log_->settle(end_mark_);
    if (unlocked)
        lock_.release();
}

open_journal::~open_journal() {
    if (under_way_ == 0)
        add({journal::kind::end}, buffer(), log_file::written::soon);
}

std::uint64_t open_journal::call_begins() {
    const std::lock_guard lock(mutex_);
    ++under_way_;
    return ++calls_;
}
void open_journal::call_ends() {
    const std::lock_guard lock(mutex_);
    --under_way_;
}

bool open_journal::is_used() {
    const std::lock_guard lock(mutex_);
    return under_way_ != 0;
}

bool open_journal::add(const journal::record& what, std::span<const std::span<const std::byte>> content,
                       log_file::written when) {
    journal::checksum sum(run_.journal);
    std::size_t size = 0;
    for (const auto& piece : content) {
        sum.add(piece.data(), piece.size());
        size += piece.size();
    }
    const journal::header header = header_of(run_.journal, what, size, sum.value());
    constexpr std::byte zeros[sizeof(std::uint64_t)] = {};
    std::vector<std::span<const std::byte>> pieces{header};
    pieces.insert(pieces.end(), content.begin(), content.end());
    pieces.push_back(std::span(zeros).first(journal::padding_of(size)));
    return log_->add(pieces, when);
}

bool open_journal::add(const journal::record& what, const buffer& content, log_file::written when) {
    const std::span<const std::byte> all[] = {{content.data(), content.size()}};
    return add(what, all, when);
}

bool open_journal::add_records(const buffer& records, log_file::written when) {
    const std::span<const std::byte> all[] = {{records.data(), records.size()}};
    return log_->add(all, when);
}

// ---------------------------------------------------------------- those of this process

namespace {

class journals {
  public:
    /// Whether there may be any.
    static inline std::atomic<bool> there{false};

    journals() {
        before_job_ends([]() noexcept {
            if (there)
                all().write_out();
        });
        there = true;
    }
    ~journals() {
        there = false;
        close();
        write_out();
    }
    static journals& all() {
        static journals j;
        return j;
    }

    open_journal& at(const std::string& path) {
        const std::lock_guard lock(mutex_);
        std::unique_ptr<open_journal>& journal = open_[whole_path(path)];
        if (!journal)
            journal = std::make_unique<open_journal>(whole_path(path));
        return *journal;
    }

    void settle(bool unlocked) noexcept {
        const std::unique_lock lock(mutex_, std::try_to_lock);
        if (!lock || ::getpid() != process_)
            return;
        for (auto& [path, journal] : open_) {
            if (journal)
                journal->settle(unlocked);
        }
    }

    /// Those that are not used.
    void close() noexcept {
        const std::lock_guard lock(mutex_);
        if (::getpid() == process_)
            std::erase_if(open_, [](const auto& one) { return !one.second || !one.second->is_used(); });
    }

  private:
    /// The job ends: no destructor runs any more.
    void write_out() noexcept {
        const std::unique_lock lock(mutex_, std::try_to_lock);
        if (!lock || ::getpid() != process_)
            return;
        for (auto& [path, journal] : open_) {
            if (journal)
                journal->leave_at_once();
        }
    }

    const pid_t process_ = ::getpid();
    std::mutex mutex_;
    // For ever: where an item ends the program other threads may still be in its call; and a child that ends
    // as its parent does has neither its threads nor its locks.
    std::map<std::string, std::unique_ptr<open_journal>>& open_ =
        *new std::map<std::string, std::unique_ptr<open_journal>>;
};

} // namespace

void close_journals() noexcept {
    if (journals::there)
        journals::all().close();
}

void settle_journals(bool unlocked) noexcept {
    if (journals::there)
        journals::all().settle(unlocked);
}

open_journal& journal_at(const std::string& path) {
    return journals::all().at(path);
}

} // namespace mpimap::detail
