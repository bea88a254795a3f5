#include "shown/traced_call.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <new>
#include <string_view>
#include <utility>

#include <mpi.h>
#include <unistd.h>

#include <mpimap/errors.hpp>

#include "clock.hpp"
#include "mpi/communicator.hpp"
#include "watch/trace.hpp"

namespace mpimap::detail {
namespace {

constexpr std::size_t most_events = 1'000'000;

struct close_file {
    void operator()(std::FILE* f) const noexcept { std::fclose(f); }
};
using file_handle = std::unique_ptr<std::FILE, close_file>;

/// "run.json", of other ranks than the first one of the program "run.3.json": each may be the root of calls.
std::string path_of(const std::string& named) {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0)
        return named;
    const std::filesystem::path whole(named);
    return std::filesystem::path(whole)
        .replace_extension("." + std::to_string(rank) + whole.extension().string())
        .string();
}

} // namespace

class trace_file {
  public:
    explicit trace_file(const char* named) : path_(path_of(named)) {
        if (!write())
            throw invalid_argument("mpimap: MPIMAP_TRACE=" + std::string(named) + ": " + path_ +
                                   " cannot be written: " + std::strerror(errno));
    }

    template <typename Change>
    void change(const Change& make_change) noexcept {
        const std::lock_guard lock(mutex_);
        try {
            trace_.begin_group();
            make_change(trace_);
        } catch (const std::bad_alloc&) {
            // Something is not shown then.
        }
    }
    /// What this thread of this process does. With the lock.
    [[nodiscard]] trace::track here(int rank) {
        constexpr std::uint64_t apart = 1'000'000; // threads other than the first
        const auto [at, is_new] = threads_.try_emplace(std::this_thread::get_id(), threads_.size());
        const auto number = static_cast<std::uint64_t>(rank);
        std::string name = rank_text(rank);
        if (at->second != 0)
            name += ", thread " + std::to_string(at->second);
        return trace_.track_of(at->second * apart + number, name, host_name());
    }
    [[nodiscard]] static std::string rank_text(int rank) { return "rank " + std::to_string(rank); }
    /// At most a hundredth of the time: a job that is killed leaves what it has done.
    void write_now_and_then(double now) noexcept {
        constexpr double often = 2; // seconds
        constexpr double share = 100;
        const std::lock_guard lock(mutex_);
        if (now - written_ >= std::max(often, share * to_write_))
            write_or_complain();
    }
    /// Whoever has the lock may be the thread that exits, in a handler.
    void write_at_exit() noexcept {
        constexpr std::chrono::seconds patience{5};
        if (getpid() != process_) // but what an item has forked
            return;
        const std::unique_lock lock(mutex_, patience);
        if (lock)
            write_or_complain();
    }

  private:
    void write_or_complain() noexcept {
        if (!write() && !std::exchange(complained_, true)) {
            std::fprintf(stderr, "mpimap: the trace cannot be written to %s\n", path_.c_str());
            std::fflush(stderr);
        }
    }
    /// Beside it first: it is whole at any time.
    [[nodiscard]] bool write() noexcept {
        const double begin = seconds_now();
        written_ = begin; // whatever comes of it
        try {
            const std::string part = path_ + ".part";
            file_handle file(std::fopen(part.c_str(), "w"));
            if (!file)
                return false;
            trace_.write(
                [&file](std::string_view text) { std::fwrite(text.data(), 1, text.size(), file.get()); });
            const bool whole = std::ferror(file.get()) == 0;
            if (std::fclose(file.release()) != 0 || !whole || std::rename(part.c_str(), path_.c_str()) != 0)
                return false;
        } catch (const std::bad_alloc&) {
            return false;
        }
        to_write_ = seconds_now() - begin;
        return true;
    }

    std::timed_mutex mutex_;
    std::map<std::thread::id, std::uint64_t> threads_;
    trace trace_{most_events};
    std::string path_;
    pid_t process_ = getpid();
    double written_ = 0;
    double to_write_ = 0;
    bool complained_ = false;
};

trace_file* trace_file_here() {
    const char* const variable = std::getenv("MPIMAP_TRACE");
    if (variable == nullptr || *variable == '\0')
        return nullptr;
    // For ever: it is written when the program exits.
    static trace_file* const one = [variable] {
        static trace_file* made = new trace_file(variable);
        std::atexit([] { made->write_at_exit(); });
        return made;
    }();
    return one;
}

traced_call::traced_call(trace_file& file, std::uint64_t ordinal, const communicator_state& where,
                         bool pooled)
    : file_(file), ordinal_(ordinal), numbers_(where.world_ranks()),
      root_(static_cast<std::size_t>(where.rank)), pooled_(pooled), begin_(seconds_now()),
      main_thread_(std::this_thread::get_id()) {
    file_.change([&](trace& t) { t.begins(file_.here((*numbers_)[root_]), begin_); });
}

void traced_call::spent(activity what, item_range items, double begin, double end) noexcept {
    file_.change([&](trace& t) {
        const trace::track here = file_.here((*numbers_)[root_]);
        if (std::this_thread::get_id() == main_thread_) {
            t.did(here, activity::waits, ordinal_, {}, begin);
        } else {
            t.begins(here, begin);
        }
        t.did(here, what, ordinal_, items, end);
    });
}

void traced_call::answered(std::size_t rank, const wire::results& r) noexcept {
    const wire::chunk_times& at = r.times;
    const double now = seconds_now();
    file_.change([&](trace& t) {
        auto known = tracks_.find(rank);
        const bool first = known == tracks_.end();
        if (first) {
            const int number = (*numbers_)[rank];
            known =
                tracks_
                    .emplace(rank, t.track_of(static_cast<std::uint64_t>(number),
                                              trace_file::rank_text(number), std::string_view(r.host.data())))
                    .first;
        }
        const trace::track there = known->second;
        t.exchanged(there, at.asked, at.noticed, at.sent, now);
        if (first)
            t.begins(there, t.there(there, begin_));
        t.did(there, activity::waits, ordinal_, {}, at.noticed);
        t.did(there, activity::receives, ordinal_, r.items, at.here);
        t.did(there, activity::decodes, ordinal_, r.items, at.read);
        t.did(there, activity::receives, ordinal_, r.items, at.came);
        t.did(there, activity::waits, ordinal_, {}, at.began);
        t.did(there, activity::runs, ordinal_, r.items, at.ended);
        t.did(there, activity::encodes, ordinal_, r.items, at.sent);
    });
}

void traced_call::look(const owner&) noexcept {
    file_.write_now_and_then(seconds_now());
}

void traced_call::over(root_job*) noexcept {
    const double now = seconds_now();
    if (!pooled_) {
        file_.change([&](trace& t) {
            t.did(file_.here((*numbers_)[root_]), activity::waits, ordinal_, {}, now);
            for (const auto& [rank, there] : tracks_)
                t.did(there, activity::waits, ordinal_, {}, t.there(there, now));
        });
    }
    file_.write_now_and_then(now);
}

} // namespace mpimap::detail
