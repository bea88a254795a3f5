#include "shown/told_silence.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <mutex>
#include <new>
#include <utility>

#include "call/owner.hpp"
#include "errors/uncaught.hpp"
#include "quiet_thread.hpp"
#include "running/item_timer.hpp"

namespace mpimap::detail {
namespace {

void tell(standstill s, bool ends) {
    std::fputs(standstill_text(std::move(s)).c_str(), stderr);
    std::fflush(stderr);
    if (ends)
        end_job_with(status_of_timeout);
}

/// The thread that looks at batches of the root's own where nobody else does.
class lonely_roots {
  public:
    struct batch {
        const told_silence* call;
        bool ends;
        standstill state; // of the call, when it began
        silence quiet;    // since somebody has looked
    };

    void begin(batch b) {
        const std::lock_guard lock(mutex_);
        batches_.push_back(std::move(b));
        if (!std::exchange(begun_, true)) {
            quiet_thread([this] { watch(); }).detach();
        } else if (batches_.size() == 1) {
            wake_.notify_one();
        }
    }
    void looked(const told_silence& call, double now) noexcept {
        const std::lock_guard lock(mutex_);
        for (batch& b : batches_) {
            if (b.call == &call)
                b.quiet.moved(now);
        }
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
            for (batch& b : batches_)
                look(b, seconds_now());
            lock.unlock();
            sleep_for(std::chrono::milliseconds(50));
            lock.lock();
        }
    }
    static void look(batch& b, double now) {
        if (!b.quiet.is_due(now, true))
            return;
        b.state.seconds = b.state.busy.front().seconds = b.quiet.seconds(now);
        tell(b.state, b.ends);
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<batch> batches_;
    bool begun_ = false;
};

/// For ever: the thread may look at it until the process is gone.
lonely_roots& the_lonely_roots() {
    static lonely_roots& one = *new lonely_roots;
    return one;
}

} // namespace

told_silence::told_silence(const watchdog_settings& how, root_job& job, std::size_t root, std::size_t ranks)
    : how_(how), ordinal_(job.ordinal()), items_(expected_items(job)), root_(root), ranks_(ranks),
      silence_(how.seconds, ranks, seconds_now()) {}
told_silence::~told_silence() {
    if (runs_here_)
        the_lonely_roots().end(*this);
}

void told_silence::settled(const settled_items&) noexcept {
    silence_.moved(seconds_now());
}

void told_silence::begins(item_range items) noexcept {
    try {
        standstill s = so_far(0);
        s.busy.push_back({root_, items, 0});
        the_lonely_roots().begin({this, how_.ends, std::move(s), silence(how_.seconds, 0, seconds_now())});
        runs_here_ = true;
    } catch (const std::exception&) {
        // No thread, or no memory: nothing is told of these.
    }
}

void told_silence::ran(std::size_t rank, std::size_t items, double) noexcept {
    if (rank == root_ && std::exchange(runs_here_, false))
        the_lonely_roots().end(*this);
    // What has come may be settled only when the root is out of its own item.
    ran_ += items;
    silence_.moved(seconds_now());
    silence_.begins(rank, seconds_now());
}

void told_silence::sent(std::size_t rank, std::size_t, bool only) noexcept {
    if (only)
        silence_.begins(rank, seconds_now());
}

void told_silence::look(const owner& state) noexcept {
    constexpr std::chrono::milliseconds often{50};
    const clock::time_point now = clock::now();
    if (now - looked_ < often)
        return;
    looked_ = now;
    if (runs_here_)
        the_lonely_roots().looked(*this, seconds_at(now));
    if (!silence_.is_due(seconds_at(now), state.waits_for_ranks()))
        return;
    try {
        tell(of(state, seconds_at(now)), how_.ends);
    } catch (const std::bad_alloc&) {
        std::fputs("mpimap: a call stands still, and there is no memory to tell of it\n", stderr);
        if (how_.ends)
            end_job_with(status_of_timeout);
    }
}

standstill told_silence::so_far(double seconds) const {
    standstill s;
    s.call = ordinal_;
    s.seconds = seconds;
    s.ran = items_ ? std::min(ran_, *items_) : ran_; // some more than once
    s.items = items_;
    return s;
}

standstill told_silence::of(const owner& state, double now) const {
    standstill s = so_far(silence_.seconds(now));
    for (std::size_t rank = 0; rank < ranks_; ++rank) {
        const item_range items = state.in_hand(rank);
        if (!state.has_come(rank)) {
            s.missing.push_back(rank);
        } else if (items.count != 0) {
            s.busy.push_back({rank, items, silence_.seconds_of(rank, now)});
        } else {
            s.idle.push_back(rank);
        }
    }
    return s;
}

} // namespace mpimap::detail
