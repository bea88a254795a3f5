// Exceptions that several ranks do not catch: what all say the same is said once, what differs by each, and
// nothing is lost. Run as `uncaught_everywhere CASE`; tells.cmake counts what is said.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <functional>
#include <map>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <mpi.h>
#include <unistd.h>

#include <mpimap/mpimap.hpp>

#include "deadline.hpp"

namespace {

int rank = 0;
int size = 1;

int failing_item(int x) {
    if (x == 7)
        throw std::domain_error("of item 7");
    return x;
}
const std::vector<int> xs{1, 7, 3};

void fail(const mpimap::options& o = {}) {
    (void)mpimap::mpi_map(MPI_COMM_WORLD, o, failing_item, xs);
}

/// On its way to be told when those of all other ranks are.
class told_together : public std::exception {
  public:
    explicit told_together(std::string text) : text_(std::move(text)) {}
    [[nodiscard]] const char* what() const noexcept override {
        if (!std::exchange(met_, true))
            MPI_Barrier(MPI_COMM_WORLD);
        return text_.c_str();
    }

  private:
    std::string text_;
    mutable bool met_ = false;
};

class without_text : public std::exception {
  public:
    [[nodiscard]] const char* what() const noexcept override { return nullptr; }
};

std::vector<int> processes; // by rank

/// Whether the process does something of its own when mpirun tells it to end.
bool catches_sigterm(int process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("SigCgt:"))
            return (std::stoull(line.substr(7), nullptr, 16) >> (SIGTERM - 1) & 1U) != 0;
    }
    return false;
}

/// Until all others wait for this rank to tell what they do not catch: not as long as they would.
void wait_for_those_who_would_tell() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(4);
    const auto would_not = [](int p) { return p != getpid() && !catches_sigterm(p); };
    while (std::any_of(processes.begin(), processes.end(), would_not) &&
           std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

const std::map<std::string, std::function<void()>> cases{
    {"call", [] { fail(); }},
    {"call_of_last_root", [] { fail({.root = size - 1}); }},
    // As on several hosts: what one rank tells, the others hear of by a message only.
    {"hosts",
     [] {
         for (const char* name : {"PMIX_NAMESPACE", "PMI_JOBID", "SLURM_STEP_ID"})
             unsetenv(name);
         MPI_Comm reversed = MPI_COMM_NULL;
         MPI_Comm_split(MPI_COMM_WORLD, 0, -rank, &reversed);
         (void)mpimap::mpi_map(reversed, {.root = 1 % size}, failing_item, xs);
     }},
    {"first_error",
     [] {
         try {
             fail();
         } catch (const mpimap::map_error& e) {
             e.errors().front().rethrow();
         }
     }},
    {"in_other_words",
     [] {
         try {
             fail();
         } catch (const mpimap::error& e) {
             throw std::runtime_error(e.what());
         }
     }},
    {"invalid", [] { fail({.chunk = 0}); }},
    {"bad_root", [] { fail({.root = size}); }},
    {"mismatched",
     [] {
         if (rank == 0)
             fail();
         else
             mpimap::mpi_for_each(
                 MPI_COMM_WORLD, [](int) {}, xs);
     }},
    {"pieces",
     [] {
         if (rank == 0)
             setenv("MPIMAP_PIECE_BYTES", "65536", 1);
         fail();
     }},
    {"cancelled",
     [] {
         std::stop_source source;
         source.request_stop();
         fail({.stop = source.get_token()});
     }},
    {"sub_communicators",
     [] {
         // Each half has its own call, the texts of which tell the halves apart.
         const int half = rank % 2;
         MPI_Comm part = MPI_COMM_NULL;
         MPI_Comm_split(MPI_COMM_WORLD, half, -rank, &part);
         try {
             (void)mpimap::mpi_map(
                 part, [](int x) -> int { throw std::domain_error("of half " + std::to_string(x)); },
                 std::vector<int>{half});
         } catch (const mpimap::map_error& e) {
             // The same words from all of them, if all come as far as that.
             throw told_together(e.errors().front().what());
         }
     }},
    {"own", [] { throw told_together("of all ranks"); }},
    {"each_its_own", [] { throw told_together("of rank " + std::to_string(rank) + " alone"); }},
    {"null", [] { throw without_text(); }},
    // The root, which would tell it, catches its own; or ends without a word.
    {"root_goes_on",
     [] {
         try {
             fail();
         } catch (const mpimap::map_error&) {
             if (rank != 0)
                 throw;
             MPI_Barrier(MPI_COMM_WORLD);
         }
     }},
    {"root_dies",
     [] {
         try {
             fail();
         } catch (const mpimap::map_error&) {
             if (rank != 0)
                 throw;
             wait_for_those_who_would_tell();
             (void)std::raise(SIGKILL);
         }
     }},
    {"one_alone",
     [] {
         if (rank == size - 1)
             throw std::runtime_error("of the last rank");
         MPI_Barrier(MPI_COMM_WORLD);
     }},
};

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment environment(argc, argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    processes.resize(static_cast<std::size_t>(size));
    const int mine = getpid();
    MPI_Allgather(&mine, 1, MPI_INT, processes.data(), 1, MPI_INT, MPI_COMM_WORLD);
    const std::string which = argc > 1 ? argv[1] : "";
    const faults::deadline limit(which, 50);
    cases.at(which)();
    std::printf("rank %d: behind the barrier\n", rank);
    return 0;
}
