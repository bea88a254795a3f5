#pragma once

// All that threads have in common with each other here, they have through these. A test that explores in
// which order threads may run brings its own.
#ifdef MPIMAP_EXPLORATION
#include "explored_threads.hpp"
#else

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "quiet_thread.hpp"

namespace mpimap::detail::threads {

using std::condition_variable;
using std::mutex;
using std::thread;
template <typename T>
using atomic = std::atomic<T>;

template <typename Body>
thread start(Body body) {
    return quiet_thread(std::move(body));
}

} // namespace mpimap::detail::threads

#endif
