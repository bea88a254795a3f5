#include "communicator.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <mpimap/detail/code_token.hpp>
#include <mpimap/errors.hpp>

#include "helper.hpp"
#include "mpi_check.hpp"
#include "nap.hpp"

namespace mpimap::detail {
namespace {

/// Bytes per message. MPI counts are int; smaller pieces cost nothing, and what must be dropped for lack of
/// memory goes through a piece of it. MPIMAP_PIECE_BYTES lowers it, for tests.
std::size_t piece_bytes() {
    constexpr std::size_t most = 4 * 1024 * 1024;
    const char* text = std::getenv("MPIMAP_PIECE_BYTES");
    if (text == nullptr)
        return most;
    const unsigned long long n = std::strtoull(text, nullptr, 10);
    return n == 0 ? most : std::min<std::size_t>(n, most);
}

/// All states that live, as an attribute of MPI_COMM_SELF: MPI_Finalize deletes that first (MPI 3.1, 8.7.1).
struct living_states {
    std::vector<std::shared_ptr<communicator_state>> attached;
    std::vector<std::weak_ptr<communicator_state>> outlasting; // their communicators were freed
};

int free_states(MPI_Comm, int, void* value, void*) {
    auto* const living = static_cast<living_states*>(value);
    // What a pool lets go of may free communicators: those find nothing here any more.
    const living_states last = std::exchange(*living, {});
    for (const auto& s : last.attached)
        s->shut_down();
    for (const auto& s : last.outlasting) {
        if (const auto still = s.lock())
            still->shut_down();
    }
    delete living;
    return MPI_SUCCESS;
}

int self_key() {
    static const int key = [] {
        int k = MPI_KEYVAL_INVALID;
        check_mpi(MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, free_states, &k, nullptr),
                  "MPI_Comm_create_keyval");
        return k;
    }();
    return key;
}

living_states& living() {
    void* value = nullptr;
    int found = 0;
    check_mpi(MPI_Comm_get_attr(MPI_COMM_SELF, self_key(), static_cast<void*>(&value), &found),
              "MPI_Comm_get_attr");
    if (found == 0) {
        value = new living_states;
        check_mpi(MPI_Comm_set_attr(MPI_COMM_SELF, self_key(), value), "MPI_Comm_set_attr");
    }
    return *static_cast<living_states*>(value);
}

/// The user frees the communicator, or MPI_Finalize does when free_states has already been.
int free_state(MPI_Comm, int, void* value, void*) {
    int found = 0;
    void* all = nullptr;
    MPI_Comm_get_attr(MPI_COMM_SELF, self_key(), static_cast<void*>(&all), &found);
    if (found == 0)
        return MPI_SUCCESS;
    auto& [attached, outlasting] = *static_cast<living_states*>(all);
    const auto at =
        std::find_if(attached.begin(), attached.end(), [&](const auto& s) { return s.get() == value; });
    if (at == attached.end())
        return MPI_SUCCESS;
    const std::weak_ptr<communicator_state> state = *at;
    attached.erase(at);
    std::erase_if(outlasting, [](const auto& s) { return s.expired(); });
    if (!state.expired())
        outlasting.push_back(state);
    return MPI_SUCCESS;
}

int state_key() {
    static const int key = [] {
        int k = MPI_KEYVAL_INVALID;
        // Not copied: a duplicate made by the user gets a state of its own.
        check_mpi(MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, free_state, &k, nullptr),
                  "MPI_Comm_create_keyval");
        return k;
    }();
    return key;
}

} // namespace

void wait_for(MPI_Request request) {
    // A step of a collective that is not blocking may show only at the next look.
    constexpr int looks = 3;
    nap pause;
    int done = 0;
    while (true) {
        for (int i = 0; i < looks && done == 0; ++i)
            check_mpi(MPI_Test(&request, &done, MPI_STATUS_IGNORE), "MPI_Test");
        if (done != 0)
            return;
        pause.wait();
    }
}

communicator_state::communicator_state(MPI_Comm user) {
    MPI_Request request = MPI_REQUEST_NULL;
    check_mpi(MPI_Comm_idup(user, &comm, &request), "MPI_Comm_idup");
    wait_for(request);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    MPI_Query_thread(&thread_level);
    messages = std::make_unique<channel>(comm, piece_bytes());
}

/// Functions travel as places in the program: all ranks must run the same one. Collective.
void refuse_other_programs(const communicator_state& s) {
    const program mine = this_program();
    const std::uint64_t words[2] = {mine.identity, ~mine.identity};
    std::uint64_t most[2] = {};
    MPI_Request request = MPI_REQUEST_NULL;
    check_mpi(MPI_Iallreduce(words, most, 2, MPI_UINT64_T, MPI_MAX, s.comm, &request), "MPI_Iallreduce");
    wait_for(request);
    if (most[0] == ~most[1])
        return;
    // Rank 0 and the first that differs from it tell what they run.
    std::uint64_t first = mine.identity;
    check_mpi(MPI_Ibcast(&first, 1, MPI_UINT64_T, 0, s.comm, &request), "MPI_Ibcast");
    wait_for(request);
    const int candidate = mine.identity != first ? s.rank : s.size;
    int other = 0;
    check_mpi(MPI_Iallreduce(&candidate, &other, 1, MPI_INT, MPI_MIN, s.comm, &request), "MPI_Iallreduce");
    wait_for(request);
    const auto name_of = [&](int rank) {
        std::array<char, 1024> name = {};
        mine.name.copy(name.data(), name.size() - 1);
        check_mpi(MPI_Ibcast(name.data(), static_cast<int>(name.size()), MPI_CHAR, rank, s.comm, &request),
                  "MPI_Ibcast");
        wait_for(request);
        return "rank " + std::to_string(rank) + " runs " + name.data();
    };
    const std::string text = name_of(0);
    throw mismatched_call("mpimap: all ranks must run the same program, but " + text + ", " + name_of(other));
}

communicator_state::~communicator_state() {
    shut_down();
}

void communicator_state::shut_down() {
    if (give_up)
        std::exchange(give_up, nullptr)();
    assistant.reset();
    messages.reset(); // has receives posted on the communicator
    if (comm != MPI_COMM_NULL)
        MPI_Comm_free(&comm);
}

std::shared_ptr<communicator_state> state_of(MPI_Comm comm) {
    int initialised = 0;
    int finalised = 0;
    MPI_Initialized(&initialised);
    MPI_Finalized(&finalised);
    if (initialised == 0) {
        throw invalid_argument(
            "mpimap: MPI is not initialised: make a mpimap::environment at the start of main");
    }
    if (finalised != 0)
        throw invalid_argument("mpimap: MPI has been finalised");
    if (comm == MPI_COMM_NULL) {
        throw invalid_argument("mpimap: the communicator is MPI_COMM_NULL: this rank does not belong to it");
    }
    int inter = 0;
    check_mpi(MPI_Comm_test_inter(comm, &inter), "MPI_Comm_test_inter");
    if (inter != 0)
        throw invalid_argument("mpimap: the communicator is an inter-communicator");
    void* value = nullptr;
    int found = 0;
    check_mpi(MPI_Comm_get_attr(comm, state_key(), static_cast<void*>(&value), &found), "MPI_Comm_get_attr");
    if (found != 0)
        return static_cast<communicator_state*>(value)->shared_from_this();
    auto fresh = std::make_shared<communicator_state>(comm);
    refuse_other_programs(*fresh);
    living().attached.push_back(fresh);
    check_mpi(MPI_Comm_set_attr(comm, state_key(), fresh.get()), "MPI_Comm_set_attr");
    return fresh;
}

} // namespace mpimap::detail
