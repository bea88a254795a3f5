#pragma once

// Names the case that hangs: the time limit of the whole program would only say that something does.

#include <csignal>
#include <cstring>
#include <string>

#include <unistd.h>

namespace faults {

class deadline {
  public:
    explicit deadline(const std::string& what, unsigned seconds = 60) {
        std::strncpy(text(), what.c_str(), room - 1);
        std::signal(SIGALRM, [](int) {
            // Only what a signal handler may do.
            const char* lead = "\nthis call hangs: ";
            [[maybe_unused]] ssize_t n = write(STDERR_FILENO, lead, std::strlen(lead));
            n = write(STDERR_FILENO, text(), std::strlen(text()));
            n = write(STDERR_FILENO, "\n", 1);
            _exit(3);
        });
        alarm(seconds);
    }
    ~deadline() { alarm(0); }
    deadline(const deadline&) = delete;
    deadline& operator=(const deadline&) = delete;

  private:
    static constexpr std::size_t room = 512;
    static char* text() {
        static char t[room] = {};
        return t;
    }
};

} // namespace faults
