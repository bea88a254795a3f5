#include "shown/told_silence.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "call/owner.hpp"
#include "errors/uncaught.hpp"
#include "quiet_thread.hpp"
#include "running/item_timer.hpp"

namespace mpimap::detail {
namespace {

constexpr std::chrono::milliseconds between_looks{50};

template <typename Describe>
void tell(const Describe& describe, bool ends) noexcept {
    try {
        std::fputs(standstill_text(describe()).c_str(), stderr);
    } catch (const std::bad_alloc&) {
        std::fputs("mpimap: a call stands still, and there is no memory to tell of it\n", stderr);
    }
    std::fflush(stderr);
    if (ends)
        end_job_with(status_of_timeout);
}

/// Of all calls of this process; and the thread that looks at batches of a root's own where nobody else does.
class stillness {
  public:
    struct batch {
        const told_silence* call;
        bool ends;
        std::uint64_t ordinal;
        std::size_t ran; // items of the call, before it
        std::optional<std::size_t> items;
        standstill::rank root;
        double looked; // when the engine has
        double told;
    };

    explicit stillness(double limit) : silence_(limit, seconds_now()) {}

    void moved(double now) noexcept {
        const std::lock_guard lock(mutex_);
        silence_.moved(now);
    }
    /// The engine looks. Since when nothing has moved, where that is long enough to be told.
    [[nodiscard]] std::optional<double> looked(const told_silence& call, double now) noexcept {
        const std::lock_guard lock(mutex_);
        for (batch& b : batches_) {
            if (b.call == &call)
                b.looked = now;
        }
        return silence_.is_due(now) ? std::optional(silence_.since()) : std::nullopt;
    }
    /// Throws where there is no thread to be had, or no memory.
    void begin(const batch& b) {
        const std::lock_guard lock(mutex_);
        silence_.moved(b.looked);
        if (!begun_) {
            quiet_thread([this] { watch(); }).detach();
            begun_ = true;
        }
        batches_.push_back(b);
        if (batches_.size() == 1)
            wake_.notify_one();
    }
    void end(const told_silence& call) noexcept {
        const std::lock_guard lock(mutex_);
        std::erase_if(batches_, [&call](const batch& b) { return b.call == &call; });
    }

  private:
    [[noreturn]] void watch() {
        std::unique_lock lock(mutex_);
        while (true) {
            wake_.wait(lock, [this] { return !batches_.empty(); });
            const std::optional<batch> due = next_due(seconds_now());
            lock.unlock();
            if (due) {
                tell([&due] { return of(*due); }, due->ends);
            } else {
                sleep_for(between_looks);
            }
            lock.lock();
        }
    }
    [[nodiscard]] std::optional<batch> next_due(double now) noexcept {
        constexpr double elsewhere = 1; // seconds
        if (!silence_.is_due(now))
            return std::nullopt;
        for (batch& b : batches_) {
            if (now - b.looked > elsewhere && std::exchange(b.told, silence_.since()) != silence_.since()) {
                batch told = b;
                told.root.seconds = now - silence_.since();
                return told;
            }
        }
        return std::nullopt;
    }
    [[nodiscard]] static standstill of(const batch& b) {
        standstill s;
        s.call = b.ordinal;
        s.seconds = b.root.seconds;
        s.ran = b.ran;
        s.items = b.items;
        s.busy.push_back(b.root);
        return s;
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    silence silence_;
    std::vector<batch> batches_;
    bool begun_ = false;
};

/// For ever: the thread may look at it until the process is gone. The first call says how long a silence may
/// be.
stillness& the_stillness(double limit = 0) {
    static stillness& one = *new stillness(limit);
    return one;
}

} // namespace

told_silence::told_silence(const watchdog_settings& how, root_job& job, std::size_t root, std::size_t ranks)
    : ends_(how.ends), ordinal_(job.ordinal()), items_(expected_items(job)), root_(root), ranks_(ranks) {
    the_stillness(how.seconds).moved(seconds_now());
}
told_silence::~told_silence() {
    if (runs_here_)
        the_stillness().end(*this);
}

void told_silence::note(std::size_t rank, double now) noexcept {
    try {
        begun_[rank] = now;
    } catch (const std::bad_alloc&) {
        // It is told as if it had what it has from the beginning of the silence.
    }
}

void told_silence::settled(const settled_items&) noexcept {
    the_stillness().moved(seconds_now());
}

void told_silence::begins(item_range items) noexcept {
    const double now = seconds_now();
    try {
        const std::size_t ran = items_ ? std::min(ran_, *items_) : ran_;
        the_stillness().begin({this, ends_, ordinal_, ran, items_, {root_, items, 0, 0}, now, -1});
        runs_here_ = true;
    } catch (const std::exception&) {
        // No thread, or no memory: nothing is told of these.
    }
    note(root_, now);
}

void told_silence::ran(std::size_t rank, std::size_t items, double) noexcept {
    if (rank == root_ && std::exchange(runs_here_, false))
        the_stillness().end(*this);
    // What has come may be settled only when the root is out of its own item.
    ran_ += items;
    const double now = seconds_now();
    the_stillness().moved(now);
    note(rank, now);
}

void told_silence::sent(std::size_t rank, std::size_t, bool only) noexcept {
    const double now = seconds_now();
    the_stillness().moved(now);
    if (only)
        note(rank, now);
}

void told_silence::look(const owner& state) noexcept {
    const clock::time_point now = clock::now();
    if (now - looked_ < between_looks)
        return;
    looked_ = now;
    const std::optional<double> since = the_stillness().looked(*this, seconds_at(now));
    if (!since || told_ == *since || !state.waits_for_ranks())
        return;
    told_ = *since;
    tell([&] { return of(state, *since, seconds_at(now)); }, ends_);
}

standstill told_silence::of(const owner& state, double since, double now) const {
    standstill s;
    s.call = ordinal_;
    s.seconds = now - since;
    s.ran = items_ ? std::min(ran_, *items_) : ran_; // some more than once
    s.items = items_;
    for (std::size_t rank = 0; rank < ranks_; ++rank) {
        const owner::in_hand has = state.in_hand_of(rank);
        const auto begun = begun_.find(rank);
        if (has.oldest.count != 0) {
            s.busy.push_back(
                {rank, has.oldest, has.more, now - (begun == begun_.end() ? since : begun->second)});
        } else if (state.is_joining(rank)) {
            s.joining.push_back(rank);
        } else if (rank == root_ || state.is_idle(rank)) {
            s.idle.push_back(rank);
        }
    }
    return s;
}

} // namespace mpimap::detail
