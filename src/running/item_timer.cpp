#include "running/item_timer.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <mutex>
#include <utility>
#include <vector>

#include <mpimap/detail/running_items.hpp>

#include "clock.hpp"
#include "errors/uncaught.hpp"
#include "quiet_thread.hpp"
#include "running/last_words.hpp"
#include "running/time_limit.hpp"

namespace mpimap::detail {
namespace {

class item_timer : public item_timekeeper {
  public:
    void begin(const running_items& run) noexcept override {
        try {
            const std::lock_guard lock(mutex_);
            runs_.push_back({&run, time_limit(run.call().item_timeout)});
            if (!begun_) {
                quiet_thread([this] { keep_time(); }).detach();
                begun_ = true;
            } else if (sleeps_) {
                wake_.notify_one();
            }
        } catch (const std::exception& e) { // no thread, or no memory
            if (!std::exchange(complained_, true)) {
                std::fprintf(stderr, "mpimap: items run without the limit of item_timeout: %s\n", e.what());
                std::fflush(stderr);
            }
        }
    }
    void end(const running_items& run) noexcept override {
        const std::lock_guard lock(mutex_);
        std::erase_if(runs_, [&run](const timed& t) { return t.run == &run; });
    }

  private:
    struct timed {
        const running_items* run;
        time_limit limit;
    };

    /// While items come and go it looks at the clock, and is not woken by each of them.
    [[noreturn]] void keep_time() {
        constexpr int enough = 50; // looks at nothing
        std::unique_lock lock(mutex_);
        int idle = 0;
        double pause = 1e-3;
        while (true) {
            if (runs_.empty() && ++idle > enough) {
                sleeps_ = true;
                wake_.wait(lock, [this] { return !runs_.empty(); });
                sleeps_ = false;
            }
            if (!runs_.empty()) {
                idle = 0;
                pause = look();
            }
            lock.unlock();
            sleep_for(std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(pause)));
            lock.lock();
        }
    }
    /// When to look again.
    double look() {
        double pause = 1;
        for (timed& t : runs_) {
            if (t.limit.is_exceeded(t.run->position(), seconds_now()))
                end_job(*t.run);
            pause = std::min(pause, t.limit.between_looks());
        }
        return pause;
    }
    /// It lives: this thread has the lock.
    [[noreturn]] static void end_job(const running_items& run) {
        char memory[128];
        short_text cause(memory);
        cause.add("has spent more than its item_timeout, ").add(run.call().item_timeout).add(" s,");
        tell_last_words(run, cause.view());
        end_job_with(status_of_timeout);
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<timed> runs_;
    bool begun_ = false;
    bool sleeps_ = false;
    bool complained_ = false;
};

} // namespace

void begin_timing_items() noexcept {
    // For ever: the thread may look at it until the process is gone.
    static item_timer& one = *new item_timer;
    keep_time_of_items(&one);
}

} // namespace mpimap::detail
