#include "simulation.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <string_view>
#include <utility>

#include <mpi.h>
#include <simgrid/actor.h>
#include <simgrid/engine.h>

#include <driver/helper.hpp>
#include <driver/nap.hpp>

namespace {

aid_t watched_rank = -1;
simulation::load seen;
std::chrono::steady_clock::time_point left; // when the watched rank returned from the simulator

// The real time of the watched rank's engine passes in the simulation too. That is more than a rank with a
// core and caches of its own would take, and differs from run to run; with SIMULATION_CHARGES_CPU=0 it does
// not pass, and the same run gives the same figures.
const bool charges_cpu = [] {
    const char* const text = std::getenv("SIMULATION_CHARGES_CPU");
    return text == nullptr || std::string_view(text) != "0";
}();

// What calls cost the rank that makes them: twice of what Open MPI 4.1 takes to send 180 bytes through shared
// memory, .15 us, as over a fast network. Where the engine's time does not pass, that is in it. The transfer
// itself is the simulator's.
const double cost_of_send = charges_cpu ? 0.3e-6 : 1e-6;
const double cost_of_receive = cost_of_send;
constexpr double cost_of_probe = 0.3e-6;
constexpr double cost_of_test = 0.05e-6;
// Every look costs real time: ranks other than the watched one look less often when they have nothing to do,
// and notice that much later.
constexpr double idle_interval = 5e-6;

// Not smpi_execute: the simulator searches a list of all messages for each execution, but not for sleep.
void pass(double seconds) {
    if (seconds > 0)
        sg_actor_sleep_for(seconds);
}

bool is_watched() {
    return sg_actor_self_get_pid() == watched_rank;
}

/// A call into the simulator; what the watched rank does between two of them is its engine at work.
class call {
  public:
    call() : mine_(is_watched()) {
        if (!mine_)
            return;
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - left).count();
        // More than any loop of the engine takes: somebody else had the core.
        constexpr double too_long = 500e-6;
        if (seconds > too_long)
            return;
        seen.cpu += seconds;
        if (charges_cpu)
            pass(seconds);
    }
    ~call() {
        if (mine_)
            left = std::chrono::steady_clock::now();
    }
    call(const call&) = delete;
    call& operator=(const call&) = delete;
    explicit operator bool() const { return mine_; }

  private:
    bool mine_;
};

/// A helper that is engaged, of which a rank has one at most.
struct engagement {
    mpimap::detail::helper* by = nullptr;
    std::function<void()> serve;
    mpimap::detail::nap_length nap;
};
std::map<aid_t, engagement> engaged;

} // namespace

// ---------------------------------------------------------------- what programs see

namespace simulation {

double now() {
    return simgrid_get_clock();
}

void watch_me() {
    seen = {};
    watched_rank = sg_actor_self_get_pid();
    left = std::chrono::steady_clock::now();
}
load watched() {
    return seen;
}

void compute(double seconds) {
    const call c;
    if (c)
        seen.items += seconds;
    const auto found = engaged.find(sg_actor_self_get_pid());
    if (found == engaged.end()) {
        pass(seconds);
        return;
    }
    const engagement& here = found->second;
    // As the helper's thread does: where items are short it looks every millisecond whether the same one is
    // still running, where they are long it answers after each nap.
    const double nap = here.nap.seconds;
    double length = (2 - now() / nap + std::floor(now() / nap)) * nap;
    if (here.nap.for_long_items)
        length -= nap;
    while (seconds > 0) {
        const double part = std::min(seconds, length);
        pass(part);
        seconds -= part;
        if (seconds <= 0)
            break;
        const std::lock_guard lock(here.by->mutex);
        here.serve();
        length = nap;
    }
}

} // namespace simulation

// ---------------------------------------------------------------- what the engine is given

namespace mpimap::detail {

clock::time_point clock::now() noexcept {
    return time_point(
        std::chrono::duration_cast<duration>(std::chrono::duration<double>(simgrid_get_clock())));
}

void sleep_for(clock::duration length) {
    const call c;
    const double seconds = std::chrono::duration<double>(length).count();
    if (c)
        seen.naps += seconds;
    pass(seconds);
}

// Stands for src/driver/helper.cpp: no thread, compute() does its work.
helper::helper() = default;
helper::~helper() = default;

// Items of the simulated programs make no calls of their own.
void mpi_turn::begin() {}

void helper::engage(std::function<void()> f) {
    engaged[sg_actor_self_get_pid()] = {this, std::move(f), {}};
}

void helper::enter_user_code(const nap_length& nap) noexcept {
    engaged[sg_actor_self_get_pid()].nap = nap;
    batch_.fetch_add(1);
}

void helper::disengage() {
    engaged.erase(sg_actor_self_get_pid());
}

} // namespace mpimap::detail

// ---------------------------------------------------------------- calls that are counted

extern "C" {

int MPI_Query_thread(int* level) {
    *level = MPI_THREAD_SERIALIZED; // as far as the simulated helper needs it
    return MPI_SUCCESS;
}

// The simulator lacks it.
int MPI_Comm_idup(MPI_Comm comm, MPI_Comm* copy, MPI_Request* request) {
    *request = MPI_REQUEST_NULL;
    return PMPI_Comm_dup(comm, copy);
}

// The simulator's own send every rank's bytes to every other: a million messages among 1,024 ranks, where all
// MPIs that are used have trees. The blocking ones have them here too.
int MPI_Iallreduce(const void* data, void* result, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm,
                   MPI_Request* request) {
    const call c;
    *request = MPI_REQUEST_NULL;
    return PMPI_Allreduce(data, result, count, type, op, comm);
}

int MPI_Ibcast(void* data, int count, MPI_Datatype type, int root, MPI_Comm comm, MPI_Request* request) {
    const call c;
    *request = MPI_REQUEST_NULL;
    return PMPI_Bcast(data, count, type, root, comm);
}

int MPI_Ireduce_scatter_block(const void* data, void* result, int count, MPI_Datatype type, MPI_Op op,
                              MPI_Comm comm, MPI_Request* request) {
    const call c;
    *request = MPI_REQUEST_NULL;
    return PMPI_Reduce_scatter_block(data, result, count, type, op, comm);
}

int MPI_Isend(const void* data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm,
              MPI_Request* request) {
    const call c;
    if (c)
        ++seen.sent;
    pass(cost_of_send);
    return PMPI_Isend(data, count, type, to, tag, comm, request);
}

int MPI_Irecv(void* data, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm,
              MPI_Request* request) {
    const call c;
    if (c)
        ++seen.received;
    pass(cost_of_receive);
    return PMPI_Irecv(data, count, type, from, tag, comm, request);
}

int MPI_Iprobe(int from, int tag, MPI_Comm comm, int* flag, MPI_Status* status) {
    const call c;
    const int code = PMPI_Iprobe(from, tag, comm, flag, status);
    pass(c || *flag != 0 ? cost_of_probe : idle_interval);
    return code;
}

int MPI_Test(MPI_Request* request, int* flag, MPI_Status* status) {
    const call c;
    if (*request == MPI_REQUEST_NULL) { // the simulator never says that this is done
        *flag = 1;
        return MPI_SUCCESS;
    }
    const int code = PMPI_Test(request, flag, status);
    pass(c || *flag != 0 ? cost_of_test : idle_interval);
    return code;
}

} // extern "C"
