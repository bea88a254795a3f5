#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

namespace mpimap::detail {

using clock = std::chrono::steady_clock;

[[nodiscard]] inline double seconds_since(clock::time_point begin) {
    return std::chrono::duration<double>(clock::now() - begin).count();
}

/// Waiting without burning a core: return at once for a while, then sleep for a tenth of the time waited so
/// far. What is waited for is noticed at most that much late; a rank that waits long uses a few per cent of a
/// core.
class nap {
  public:
    /// Something happened: spin again before the next sleep.
    void reset() { begun_ = false; }

    void wait() {
        if (!begun_) {
            begun_ = true;
            since_ = clock::now();
            return;
        }
        const clock::duration waited = clock::now() - since_;
        if (waited < spin)
            return;
        std::this_thread::sleep_for(std::clamp<clock::duration>(waited / 10, shortest, longest));
    }

  private:
    static constexpr clock::duration spin = std::chrono::microseconds(50);
    static constexpr clock::duration shortest = std::chrono::microseconds(5);
    static constexpr clock::duration longest = std::chrono::microseconds(500);
    clock::time_point since_;
    bool begun_ = false;
};

} // namespace mpimap::detail
