#pragma once

#include <cstdio>
#include <cstdlib>
#include <thread>

/// Ends the program where it is not so: threads that are half through leave nothing to be looked at.
inline void expect(bool good, const char* what) {
    if (good)
        return;
    std::fprintf(stderr, "%s\n", what);
    std::exit(1);
}

inline void let_others() {
    std::this_thread::yield();
}
