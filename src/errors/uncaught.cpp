#include "errors/uncaught.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <utility>

#include <mpi.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <mpimap/detail/hash.hpp>
#include <mpimap/errors.hpp>

#include "errors/text.hpp"
#include "mpi/communicator.hpp"
#include "pool/launcher.hpp"
#include "pool/lifeline.hpp"

namespace mpimap::detail {
namespace {

using clock = std::chrono::steady_clock;

// For those who tell the same; and for those who have something else to tell.
constexpr std::chrono::seconds for_the_teller{5};
constexpr std::chrono::seconds for_the_others{1};

struct last_thrown {
    std::mutex mutex;
    std::uint64_t text = 0; // no text, as that of an exception without one
    bool told_here = true;
    std::weak_ptr<communicator_state> by;
};
last_thrown& last() {
    static last_thrown l;
    return l;
}

enum class teller { unknown, here, elsewhere };
struct ranks_that_tell {
    teller who = teller::unknown;
    std::shared_ptr<communicator_state> by;
};
ranks_that_tell tellers_of(std::uint64_t text) noexcept {
    last_thrown& l = last();
    const std::unique_lock lock(l.mutex, std::try_to_lock);
    if (!lock || text == 0 || l.text != text)
        return {};
    return {l.told_here ? teller::here : teller::elsewhere, l.by.lock()};
}

/// A name that one process of a host has at a time. Abstract: nothing in the file system that would outlive
/// it.
class name_on_host {
  public:
    /// None for a job without name.
    explicit name_on_host(const std::string& text) noexcept {
        try {
            const std::string job = job_name();
            if (job.empty())
                return;
            const std::string name = "mpimap-" + std::to_string(geteuid()) + "-" + job + "-" +
                                     std::to_string(hash_text(text.c_str()));
            const std::size_t n = std::min(name.size(), sizeof address_.sun_path - 1);
            address_.sun_family = AF_UNIX;
            std::memcpy(address_.sun_path + 1, name.data(), n);
            length_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + n);
            socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        } catch (...) {
            // Without memory it is told twice.
        }
    }
    /// False where another process has it; it is let go of with the process.
    [[nodiscard]] bool take() const noexcept {
        return socket_ < 0 || bind(socket_, address(), length_) == 0 || errno != EADDRINUSE;
    }
    [[nodiscard]] bool taken() const noexcept {
        return socket_ >= 0 && connect(socket_, address(), length_) == 0;
    }

  private:
    [[nodiscard]] const sockaddr* address() const noexcept {
        return reinterpret_cast<const sockaddr*>(&address_);
    }
    sockaddr_un address_ = {};
    socklen_t length_ = 0;
    int socket_ = -1;
};

struct place_in_job {
    bool running = false; // MPI is
    bool main_thread = false;
    int rank = 0;
    int size = 1;
};
place_in_job find_place() noexcept {
    place_in_job p;
    int initialised = 0;
    int finalised = 0;
    MPI_Initialized(&initialised);
    MPI_Finalized(&finalised);
    p.running = initialised != 0 && finalised == 0;
    if (p.running) {
        int here = 0;
        MPI_Comm_rank(MPI_COMM_WORLD, &p.rank);
        MPI_Comm_size(MPI_COMM_WORLD, &p.size);
        MPI_Is_thread_main(&here);
        p.main_thread = here != 0;
    }
    if (lifeline::rank() != 0)
        p.rank = lifeline::rank(); // the world of spawned ranks is without the root
    return p;
}

struct last_words {
    std::string text; // the same on every rank that throws the same
    std::string line;
    std::uint64_t what = 0; // of the exception, hashed
    int status = EXIT_FAILURE;
};

std::string describe_current() {
    constexpr const char* not_standard = "uncaught exception that is not derived from std::exception: ";
    const failure f = current_failure(task_error::no_item, 0);
    try {
        throw;
    } catch (const std::exception& e) {
        // The summary of a map_error may be longer than what travels of an item's exception.
        const std::string text = f.what_bytes != 0 ? cut_text(text_of(e), longest_summary) : f.what;
        return "uncaught exception: " + (text.empty() ? f.type + ", which has no text" : text);
    } catch (const std::string&) {
        return not_standard + f.type + ": " + f.what;
    } catch (const char*) {
        return not_standard + f.type + ": " + f.what;
    } catch (...) {
        return not_standard + f.type;
    }
}

last_words find_words(int rank) noexcept {
    last_words words;
    try {
        words.text = "terminated without an exception";
        if (std::current_exception()) {
            words.text = describe_current();
            throw;
        }
    } catch (const interrupted& e) {
        words.what = hash_text(e.what());
        words.status = status_of_interrupted;
    } catch (const std::exception& e) {
        if (e.what() != nullptr)
            words.what = hash_text(e.what());
    } catch (...) {
        // All is said, or there is no memory for it.
    }
    try {
        words.line = "rank " + std::to_string(rank) + ": " + words.text + "\n";
    } catch (...) {
        words.line = "no memory\n"; // short: needs none
    }
    return words;
}

/// Returns after so long at the latest, or when `over`. `in_mpi`: what this rank has sent may need its help.
template <typename Condition>
void wait_at_most(std::chrono::seconds time, bool in_mpi, const Condition& over) noexcept {
    constexpr std::chrono::milliseconds between{10};
    const clock::time_point end = clock::now() + time;
    while (!over() && clock::now() < end) {
        if (in_mpi) {
            int flag = 0;
            MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_SELF, &flag, MPI_STATUS_IGNORE);
        }
        std::this_thread::sleep_for(between);
    }
}

// What is still to be told if this rank is told to end.
const std::string* volatile not_told = nullptr;

void told_to_end(int) {
    // Only what a signal handler may do.
    if (const std::string* const line = not_told)
        (void)!write(STDERR_FILENO, line->data(), line->size());
    _exit(EXIT_FAILURE);
}

/// Waits while another rank may tell it, and once it has until the job ends with it. Whether none has.
bool is_to_be_told(const std::string& line, const name_on_host& right, const ranks_that_tell& tellers,
                   bool in_mpi) noexcept {
    not_told = &line;
    std::signal(SIGTERM, told_to_end); // from mpirun, where a rank dies
    if (tellers.who == teller::elsewhere) {
        const auto heard = [&] {
            return right.taken() || (in_mpi && tellers.by && heard_of_error(*tellers.by));
        };
        wait_at_most(for_the_teller, in_mpi, heard);
        if (!heard() && right.take())
            return true;
    } else if (right.take() || tellers.who == teller::here) {
        return true;
    }
    not_told = nullptr;
    wait_at_most(for_the_teller, in_mpi, [] { return false; });
    return false;
}

int status_of_job = EXIT_FAILURE;

std::atomic<void (*)() noexcept> last_thing = nullptr;
void do_last_thing() noexcept {
    if (const auto what = last_thing.load())
        what();
}

} // namespace

void set_job_status(int status) noexcept {
    status_of_job = status;
}
int job_status() noexcept {
    return status_of_job;
}

namespace {
std::atomic<void*> last_memory = nullptr; // two threads may come to an end at a time
} // namespace

void keep_last_memory() noexcept {
    constexpr std::size_t enough = 256 * 1024;
    if (last_memory == nullptr)
        std::free(last_memory.exchange(std::malloc(enough)));
}

void end_job_out_of_step(int rank) noexcept {
    std::free(last_memory.exchange(nullptr));
    char host[256] = "?";
    (void)gethostname(host, sizeof host - 1);
    const auto tell = [&](const char* why) {
        std::fprintf(stderr,
                     "mpimap: rank %d (%s) cannot go on with a call that other ranks take part in: %s. "
                     "The job ends\n",
                     rank, host, why);
    };
    try {
        throw;
    } catch (const std::bad_alloc&) {
        tell("there is no memory left");
    } catch (const std::exception& e) {
        tell(e.what());
    } catch (...) {
        tell("an exception of a type that is not derived from std::exception");
    }
    std::fflush(stderr);
    do_last_thing();
    MPI_Abort(MPI_COMM_WORLD, job_status());
    std::abort();
}

void end_job_of_others(MPI_Comm comm) noexcept {
    int size = 1;
    int rank = 0;
    if (comm == MPI_COMM_NULL || MPI_Comm_size(comm, &size) != MPI_SUCCESS || size == 1)
        return;
    MPI_Comm_rank(comm, &rank);
    end_job_out_of_step(rank);
}

void before_job_ends(void (*what)() noexcept) noexcept {
    last_thing = what;
}

void end_job_with(int status) noexcept {
    set_job_status(status);
    do_last_thing();
    if (find_place().running)
        MPI_Abort(MPI_COMM_WORLD, status);
    std::_Exit(status);
}

void thrown_everywhere(const char* text, bool told_here, std::weak_ptr<communicator_state> by) noexcept {
    last_thrown& l = last();
    const std::lock_guard lock(l.mutex);
    l.text = hash_text(text);
    l.told_here = told_here;
    l.by = std::move(by);
}

bool is_told_here(const char* text) noexcept {
    return tellers_of(hash_text(text)).who != teller::elsewhere;
}

void tell_and_end_job() noexcept {
    const place_in_job place = find_place();
    const last_words words = find_words(place.rank);
    const std::string& line = words.line;
    const ranks_that_tell tellers = tellers_of(words.what);
    // Behind a call that has failed everywhere nobody else of this process is in MPI.
    const bool in_mpi = place.running && place.main_thread && tellers.who != teller::unknown;
    const name_on_host right(words.text);
    if (place.size == 1 || is_to_be_told(line, right, tellers, in_mpi)) {
        std::fputs(line.c_str(), stderr);
        std::fflush(stderr);
        not_told = nullptr; // twice rather than never
        if (in_mpi && tellers.by)
            tell_of_error(*tellers.by);
        if (place.size > 1)
            wait_at_most(for_the_others, in_mpi, [] { return false; });
    }
    do_last_thing();
    // The only place where all ranks are meant, not a communicator.
    if (place.running)
        MPI_Abort(MPI_COMM_WORLD, words.status);
    if (words.status != EXIT_FAILURE)
        std::_Exit(words.status);
    std::abort();
}

} // namespace mpimap::detail
