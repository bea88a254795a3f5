#pragma once

#include <chrono>
#include <thread>

namespace mpimap::detail {

// All that the engine knows of time, and all its waiting, goes through these two.
#ifdef MPIMAP_SIMULATION
/// Time stands still in a simulation, except where the simulated MPI says: a program that simulates many
/// ranks defines both functions.
struct clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<clock>;
    static constexpr bool is_steady = true;
    static time_point now() noexcept;
};
void sleep_for(clock::duration length);
#else
using clock = std::chrono::steady_clock;
inline void sleep_for(clock::duration length) {
    std::this_thread::sleep_for(length);
}
#endif

[[nodiscard]] inline double seconds_between(clock::time_point begin, clock::time_point end) {
    return std::chrono::duration<double>(end - begin).count();
}
[[nodiscard]] inline double seconds_since(clock::time_point begin) {
    return seconds_between(begin, clock::now());
}
/// As a number: since some moment.
[[nodiscard]] inline double seconds_at(clock::time_point t) {
    return seconds_between(clock::time_point(), t);
}

[[nodiscard]] inline double seconds_now() {
    return seconds_at(clock::now());
}

} // namespace mpimap::detail
