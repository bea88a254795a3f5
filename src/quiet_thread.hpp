#pragma once

#include <thread>
#include <utility>

#include <signal.h>

namespace mpimap::detail {

/// Starts a thread that handles no signals: the program's handlers are meant for its own threads. Throws
/// std::system_error where there is none to be had.
template <typename Body>
std::thread quiet_thread(Body body) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    struct restore {
        const sigset_t& mask;
        ~restore() { pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
    } const at_the_end{before};
    return std::thread(std::move(body));
}

} // namespace mpimap::detail
