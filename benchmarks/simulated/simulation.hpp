#pragma once

// What takes the place of clock, sleep, helper thread and computing in a simulated rank. All ranks share one
// process and one thread and take turns: time passes only in calls of the simulator.

#include <cstdint>

namespace simulation {

/// Seconds since the simulation began.
double now();

/// An item that computes for so long. On the root the engine's helper answers the other ranks meanwhile; what
/// that takes comes on top, as if both had one core.
void compute(double seconds);

/// What a rank has done.
struct load {
    double items = 0; // simulated seconds in items
    double naps = 0;  // simulated seconds asleep
    double cpu = 0;   // real seconds of the engine, between calls of MPI
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
};

/// From now on, counts what the calling rank does, and no other.
void watch_me();
load watched();

} // namespace simulation
