#pragma once

#include <algorithm>
#include <chrono>

#include "clock.hpp"

namespace mpimap::detail {

/// Waiting without burning a core: return at once for a while, then sleep for a tenth of the time waited so
/// far. What is waited for is noticed at most that much late; a rank that waits long uses a few per cent of a
/// core.
class nap {
  public:
    /// Something happened: spin again before the next sleep.
    void reset() { begun_ = false; }

    /// `transferring`: a large message is under way, which moves on only while we look: be patient before
    /// sleeping. Whether the wait has become a long one.
    bool wait(bool transferring = false) {
        if (!begun_) {
            begun_ = spins_ = true;
            since_ = clock::now();
            return false;
        }
        if (spins_ && ++looks_ % 4 != 0) // reading the clock takes a quarter of a look
            return false;
        const clock::duration waited = clock::now() - since_;
        if (waited < (transferring ? patient_spin : spin))
            return false;
        spins_ = false;
        sleep_for(std::clamp<clock::duration>(waited / 10, shortest, longest));
        return waited > long_wait;
    }

  private:
    static constexpr clock::duration spin = std::chrono::microseconds(50);
    static constexpr clock::duration patient_spin = std::chrono::milliseconds(2);
    static constexpr clock::duration shortest = std::chrono::microseconds(5);
    static constexpr clock::duration longest = std::chrono::microseconds(500);
    static constexpr clock::duration long_wait = std::chrono::milliseconds(2);
    clock::time_point since_;
    bool begun_ = false;
    bool spins_ = false;
    unsigned looks_ = 0;
};

} // namespace mpimap::detail
