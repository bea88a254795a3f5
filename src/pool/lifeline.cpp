#include "pool/lifeline.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "quiet_thread.hpp"

namespace mpimap::detail {
namespace {

enum class news : int { rank, arrived, let_go, end_of_main };
struct notice {
    news what;
    int rank;
};

/// An abstract address: nothing in the file system that would outlive the program.
socklen_t make_address(sockaddr_un& address, const std::string& name) {
    std::memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    const std::size_t length = std::min(name.size(), sizeof address.sun_path - 1);
    std::memcpy(address.sun_path + 1, name.data(), length);
    return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
}

int make_socket() {
    return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
}

void tell(int socket, notice n) noexcept {
    if (socket >= 0)
        (void)!send(socket, &n, sizeof n, MSG_NOSIGNAL);
}

int this_ranks_socket = -1;
int this_rank = 0;
std::atomic<bool> this_rank_may_go{false};

/// Waits for the end of the program at the other end, which sends nothing.
void end_with_program(int socket) noexcept {
    pollfd there = {socket, POLLIN, 0};
    while (poll(&there, 1, -1) < 0 && errno == EINTR)
        there.revents = 0;
    if (!this_rank_may_go)
        std::_Exit(EXIT_FAILURE);
}

[[noreturn]] void end_program(int rank, int process, bool arrived) noexcept {
    std::fprintf(
        stderr,
        "mpimap: rank %d of a pool(mpimap::spawn), process %d, has ended before the pool let it go%s: "
        "the program ends\n",
        rank, process,
        arrived ? ""
                : ", and before it came to the pool (each rank runs main up to there, with an empty "
                  "standard input)");
    std::fflush(stderr);
    std::_Exit(EXIT_FAILURE);
}

} // namespace

lifeline::lifeline(const std::string& address, int rank) noexcept {
    this_rank = rank;
    if (address.empty())
        return;
    socket_ = make_socket();
    sockaddr_un there;
    const socklen_t length = make_address(there, address);
    if (socket_ < 0 || connect(socket_, reinterpret_cast<const sockaddr*>(&there), length) != 0)
        return; // on another host
    tell(socket_, {news::rank, rank});
    this_ranks_socket = socket_;
    try {
        quiet_thread([socket = socket_] { end_with_program(socket); }).detach();
    } catch (const std::exception&) {
        // No thread to be had.
    }
}

void lifeline::arrived() const noexcept {
    tell(socket_, {news::arrived, 0});
}
void lifeline::let_go() const noexcept {
    this_rank_may_go = true;
    tell(socket_, {news::let_go, 0});
}

void lifeline::end_of_main() noexcept {
    tell(this_ranks_socket, {news::end_of_main, 0});
}

int lifeline::rank() noexcept {
    return this_rank;
}

lifelines::lifelines() noexcept {
    static std::atomic<unsigned> count{0};
    try {
        const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
        const std::string name =
            "mpimap-" + std::to_string(getpid()) + "-" + std::to_string(++count) + "-" + std::to_string(now);
        listening_ = make_socket();
        sockaddr_un here;
        const socklen_t length = make_address(here, name);
        constexpr int queue = 1024;
        if (listening_ < 0 || bind(listening_, reinterpret_cast<const sockaddr*>(&here), length) != 0 ||
            listen(listening_, queue) != 0 || fcntl(listening_, F_SETFL, O_NONBLOCK) != 0 ||
            pipe2(wake_, O_CLOEXEC) != 0)
            return;
        thread_ = quiet_thread([this] { watch(); });
        address_ = name;
    } catch (const std::exception&) {
        // No memory, or no thread to be had.
    }
}

lifelines::~lifelines() {
    if (thread_.joinable()) {
        const char wake = 0;
        (void)!write(wake_[1], &wake, 1);
        thread_.join();
    }
    for (const watched& w : ranks_)
        close(w.socket);
    for (const int s : {listening_, wake_[0], wake_[1]}) {
        if (s >= 0)
            close(s);
    }
}

void lifelines::accept_ranks() noexcept {
    while (true) {
        const int s = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (s < 0)
            return;
        // Abstract addresses have no permissions: somebody else's process is none of ours.
        ucred who = {};
        socklen_t length = sizeof who;
        if (getsockopt(s, SOL_SOCKET, SO_PEERCRED, &who, &length) != 0 || who.uid != geteuid()) {
            close(s);
            continue;
        }
        ranks_.push_back({s, -1, who.pid, false, false});
        ++at_work_;
        ++alive_;
    }
}

/// Whether it is still there.
bool lifelines::hear(watched& w) noexcept {
    while (true) {
        notice n = {};
        const ssize_t got = recv(w.socket, &n, sizeof n, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return true;
        if (got != static_cast<ssize_t>(sizeof n))
            return false;
        if (n.what == news::rank)
            w.rank = n.rank;
        w.arrived = w.arrived || n.what == news::arrived;
        if (n.what == news::let_go && !std::exchange(w.released, true))
            --at_work_;
        if (n.what == news::end_of_main)
            return false; // it waits for the others there
    }
}

void lifelines::watch() noexcept {
    std::vector<pollfd> all;
    while (true) {
        all.assign({{wake_[0], POLLIN, 0}, {listening_, POLLIN, 0}});
        for (const watched& w : ranks_)
            all.push_back({w.socket, POLLIN, 0});
        if (poll(all.data(), all.size(), -1) < 0)
            continue;
        if (all[0].revents != 0)
            return;
        for (std::size_t i = 2; i < all.size(); ++i) {
            watched& w = ranks_[i - 2];
            if (all[i].revents == 0 || hear(w))
                continue;
            if (!w.released)
                end_program(w.rank, w.process, w.arrived);
            close(w.socket);
            w.socket = -1;
            --alive_;
        }
        std::erase_if(ranks_, [](const watched& w) { return w.socket < 0; });
        accept_ranks();
    }
}

} // namespace mpimap::detail
