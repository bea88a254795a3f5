#include "mpi/communicator.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iterator>
#include <list>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <mpimap/detail/code_token.hpp>
#include <mpimap/detail/running_items.hpp>
#include <mpimap/errors.hpp>

#include "collective/agreement.hpp"
#include "driver/helper.hpp"
#include "driver/nap.hpp"
#include "ending/ending.hpp"
#include "errors/uncaught.hpp"
#include "mpi/mpi_check.hpp"
#include "mpi/tags.hpp"
#include "running/item_timer.hpp"
#include "watch/roll_call.hpp"
#include "watch/silence.hpp"

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

} // namespace

/// The duplicate of a communicator that was freed. What has been sent on it must arrive before it is freed,
/// too: how much that is, all its ranks tell each other when each has done with it. Before that they agree
/// that all have: a rank that makes a call, which this one will not take part in, hears of it instead.
class retired_duplicate {
  public:
    /// Has the memory for a duplicate of that many ranks: retiring one must not fail on some of them.
    explicit retired_duplicate(int ranks) : sent_(static_cast<std::size_t>(ranks)) {}

    /// `messages` and `roll` may be null where there was no memory for them.
    void retire(MPI_Comm comm, int rank, std::unique_ptr<channel> messages,
                std::unique_ptr<roll_messages> roll) noexcept {
        comm_ = comm;
        mine_ = agreement::of_leaving(rank);
        messages_ = std::move(messages);
        roll_ = std::move(roll);
        if (messages_)
            messages_->count_sent(sent_);
        if (roll_)
            roll_->count_sent(sent_);
    }

    /// One step further; true when it has been freed.
    bool tend() {
        if (!agreed_ && !agree())
            return false;
        if (messages_)
            messages_->drain();
        while (roll_ && roll_->hear()) {
            // Nobody waits any more.
        }
        int all_told = 0;
        check_mpi(MPI_Test(&request_, &all_told, MPI_STATUS_IGNORE), "MPI_Test");
        if (all_told == 0 || !is_at_rest())
            return false;
        messages_.reset(); // has receives posted on it
        check_mpi(MPI_Comm_free(&comm_), "MPI_Comm_free");
        return true;
    }

  private:
    /// Whether all ranks have done with it: then they tell what they have sent.
    bool agree() {
        if (request_ == MPI_REQUEST_NULL) {
            check_mpi(MPI_Iallreduce(mine_.data(), all_.data(), agreement::size, MPI_UINT64_T, MPI_MAX, comm_,
                                     &request_),
                      "MPI_Iallreduce");
        }
        int done = 0;
        check_mpi(MPI_Test(&request_, &done, MPI_STATUS_IGNORE), "MPI_Test");
        if (done == 0 || all_.somebody_calls())
            return false;
        check_mpi(
            MPI_Ireduce_scatter_block(sent_.data(), &expected_, 1, MPI_UINT64_T, MPI_SUM, comm_, &request_),
            "MPI_Ireduce_scatter_block");
        agreed_ = true;
        return true;
    }

    [[nodiscard]] bool is_at_rest() {
        const std::uint64_t of_roll = roll_ ? roll_->received() : 0;
        return !messages_ || (messages_->at_rest(expected_ - of_roll) && (!roll_ || roll_->sent()));
    }

    MPI_Comm comm_ = MPI_COMM_NULL;
    std::unique_ptr<channel> messages_;
    std::unique_ptr<roll_messages> roll_;
    agreement mine_;
    agreement all_;
    std::vector<std::uint64_t> sent_;
    std::uint64_t expected_ = 0;
    MPI_Request request_ = MPI_REQUEST_NULL;
    bool agreed_ = false;
};

namespace {

/// All states that live, as an attribute of MPI_COMM_SELF: MPI_Finalize deletes that first (MPI 3.1, 8.7.1).
struct living_states {
    std::vector<std::shared_ptr<communicator_state>> attached;
    std::vector<std::weak_ptr<communicator_state>> outlasting; // their communicators were freed
    std::list<retired_duplicate> retired;
    std::list<retired_duplicate> failed; // on which MPI does not work any more
    bool tending = false;
};

// Calls on several communicators may come from several threads. Recursive: what is let go of under it may
// free communicators.
std::recursive_mutex states_mutex;
std::atomic<std::size_t> retired_count{0};

void tend_all(living_states& living) noexcept {
    if (std::exchange(living.tending, true))
        return; // from what a message kept alive until now
    std::list<retired_duplicate>& retired = living.retired;
    for (auto at = retired.begin(); at != retired.end();) {
        const auto next = std::next(at);
        try {
            if (at->tend())
                retired.erase(at);
        } catch (const mpi_error&) {
            living.failed.splice(living.failed.end(), retired, at);
        } catch (const serialization_error&) { // damaged messages
            living.failed.splice(living.failed.end(), retired, at);
        } catch (...) {
            // Without memory: another time.
        }
        at = next;
    }
    retired_count = retired.size();
    living.tending = false;
}

/// The program ends inside of a call, by std::exit in an item, and MPI with it: the others would wait for
/// ever.
[[noreturn]] void abort_job() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    std::fprintf(stderr, "rank %d: the program ended inside of a call that other ranks take part in\n", rank);
    std::fflush(stderr);
    MPI_Abort(MPI_COMM_WORLD, job_status());
    std::abort();
}

int free_states(MPI_Comm, int, void* value, void*) {
    const std::lock_guard lock(states_mutex);
    auto* const living = static_cast<living_states*>(value);
    // What a pool lets go of may free communicators.
    const std::vector<std::shared_ptr<communicator_state>> attached = std::exchange(living->attached, {});
    const std::vector<std::weak_ptr<communicator_state>> outlasting = std::exchange(living->outlasting, {});
    const auto end = [living](communicator_state& s) {
        if (s.holds_others())
            abort_job();
        s.retire(living->retired);
    };
    for (const auto& s : attached)
        end(*s);
    for (const auto& s : outlasting) {
        if (const auto still = s.lock())
            end(*still);
    }
    nap pause;
    while (!living->retired.empty()) {
        tend_all(*living);
        pause.wait();
    }
    if (living->failed.empty()) // MPI may still write to what it was lent
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

/// Null before the first call, and at the end of MPI.
living_states* find_living() {
    void* value = nullptr;
    int found = 0;
    check_mpi(MPI_Comm_get_attr(MPI_COMM_SELF, self_key(), static_cast<void*>(&value), &found),
              "MPI_Comm_get_attr");
    return found == 0 ? nullptr : static_cast<living_states*>(value);
}

living_states& living() {
    if (living_states* const known = find_living())
        return *known;
    auto fresh = std::make_unique<living_states>();
    check_mpi(MPI_Comm_set_attr(MPI_COMM_SELF, self_key(), fresh.get()), "MPI_Comm_set_attr");
    return *fresh.release();
}

/// The user frees the communicator, or MPI_Finalize does when free_states has already been.
int free_state(MPI_Comm, int, void* value, void*) {
    const std::lock_guard lock(states_mutex);
    living_states* const all = find_living();
    if (all == nullptr)
        return MPI_SUCCESS;
    living_states& living = *all;
    const auto at = std::find_if(living.attached.begin(), living.attached.end(),
                                 [&](const auto& s) { return s.get() == value; });
    if (at == living.attached.end())
        return MPI_SUCCESS;
    // Let go of only when nobody looks at the list: what goes with it may free communicators.
    std::shared_ptr<communicator_state> state = std::move(*at);
    living.attached.erase(at);
    std::erase_if(living.outlasting, [](const auto& s) { return s.expired(); });
    if (state.use_count() > 1)
        living.outlasting.push_back(state); // has room: see state_of()
    state.reset();
    tend_all(living);
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

void wait_for(const mpi_turn&, MPI_Request request, const std::function<void(double)>& meanwhile) {
    // A step of a collective that is not blocking may show only at the next look.
    constexpr int looks = 3;
    constexpr double long_wait = 0.1; // seconds
    const clock::time_point begin = clock::now();
    nap pause;
    int done = 0;
    while (true) {
        for (int i = 0; i < looks && done == 0; ++i)
            check_mpi(MPI_Test(&request, &done, MPI_STATUS_IGNORE), "MPI_Test");
        if (done != 0)
            return;
        tend_retired_duplicates();
        pause.wait();
        const double waited = meanwhile ? seconds_since(begin) : 0;
        if (waited > long_wait)
            meanwhile(waited);
    }
}

void tend_retired_duplicates() noexcept {
    if (retired_count == 0)
        return;
    const std::unique_lock lock(states_mutex, std::try_to_lock);
    if (lock)
        tend_all(living());
}

void tell_of_error(communicator_state& state) noexcept {
    for (int rank = 0; rank < state.size && state.comm != MPI_COMM_NULL; ++rank) {
        MPI_Request request = MPI_REQUEST_NULL;
        if (rank != state.rank &&
            MPI_Isend(nullptr, 0, MPI_BYTE, rank, tag_of_error, state.comm, &request) == MPI_SUCCESS)
            MPI_Request_free(&request);
    }
}

bool heard_of_error(communicator_state& state) noexcept {
    int there = 0;
    if (state.comm != MPI_COMM_NULL)
        MPI_Iprobe(MPI_ANY_SOURCE, tag_of_error, state.comm, &there, MPI_STATUS_IGNORE);
    return there != 0;
}

helper* helper_of(communicator_state& state) {
    if (state.size == 1 || state.thread_level < MPI_THREAD_SERIALIZED)
        return nullptr;
    try {
        if (!state.assistant)
            state.assistant = std::make_unique<helper>();
    } catch (const std::exception&) {
        return nullptr; // no thread to be had, or no memory: all works without one
    }
    return state.assistant.get();
}

void communicator_state::enter() {
    std::unique_lock lock(mutex_);
    if (busy_ && thread_ == std::this_thread::get_id()) {
        throw nested_call("mpimap: an item, or the program of a pool, made a collective call on the "
                          "communicator that is in use. "
                          "Call the pool instead; in items use another communicator, such as MPI_COMM_SELF, "
                          "or map in one call");
    }
    left_.wait(lock, [this] { return !busy_; });
    busy_ = true;
    thread_ = std::this_thread::get_id();
}

bool communicator_state::holds_others() {
    const std::lock_guard lock(mutex_);
    return busy_ && !give_up && size > 1;
}

void communicator_state::leave() noexcept {
    {
        const std::lock_guard lock(mutex_);
        busy_ = false;
    }
    left_.notify_one();
}

namespace {

/// Functions travel as places in the program: all ranks must run the same one. Collective.
void refuse_other_programs(const mpi_turn& alone, const communicator_state& s) {
    const program mine = this_program();
    const std::uint64_t words[2] = {mine.identity, ~mine.identity};
    std::uint64_t most[2] = {};
    MPI_Request request = MPI_REQUEST_NULL;
    check_mpi(MPI_Iallreduce(words, most, 2, MPI_UINT64_T, MPI_MAX, s.comm, &request), "MPI_Iallreduce");
    wait_for(alone, request);
    if (most[0] == ~most[1])
        return;
    // Rank 0 and the first that differs from it tell what they run.
    std::uint64_t first = mine.identity;
    check_mpi(MPI_Ibcast(&first, 1, MPI_UINT64_T, 0, s.comm, &request), "MPI_Ibcast");
    wait_for(alone, request);
    const int candidate = mine.identity != first ? s.rank : s.size;
    int other = 0;
    check_mpi(MPI_Iallreduce(&candidate, &other, 1, MPI_INT, MPI_MIN, s.comm, &request), "MPI_Iallreduce");
    wait_for(alone, request);
    const auto name_of = [&](int rank) {
        std::array<char, 1024> name = {};
        mine.name.copy(name.data(), name.size() - 1);
        check_mpi(MPI_Ibcast(name.data(), static_cast<int>(name.size()), MPI_CHAR, rank, s.comm, &request),
                  "MPI_Ibcast");
        wait_for(alone, request);
        return "rank " + std::to_string(rank) + " runs " + name.data();
    };
    const std::string text = name_of(0);
    const mismatched_call why("mpimap: all ranks must run the same program, but " + text + ", " +
                              name_of(other));
    thrown_everywhere(why.what(), s.rank == 0, {}); // its duplicate goes
    throw why;
}

} // namespace

void communicator_state::prepare(const mpi_turn& alone, MPI_Comm user, int root) {
    if (comm != MPI_COMM_NULL)
        return;
    MPI_Comm_size(user, &size);
    MPI_Comm_rank(user, &rank);
    const watchdog_settings watchdog = watchdog_at_start();
    // There is nothing yet to ask the others by: the root says that it waits, and so do a few of the others.
    constexpr int enough = 16;
    constexpr double patience_of_root = 10;
    const double patience =
        rank == root && !watchdog.ends ? std::min(patience_of_root, watchdog.seconds) : watchdog.seconds;
    bool told = watchdog.seconds == 0 || (rank != root && rank >= enough);
    const auto remind = [&](double waited) {
        if (waited < patience || std::exchange(told, true))
            return;
        std::fputs(first_call_text(waited, rank, size, rank == root).c_str(), stderr);
        std::fflush(stderr);
        if (watchdog.ends)
            end_job_with(status_of_timeout);
    };
    keep_last_memory();
    begin_timing_items();
    retirement_.clear();
    retirement_.emplace_back(size);
    MPI_Request request = MPI_REQUEST_NULL;
    check_mpi(MPI_Comm_idup(user, &comm, &request), "MPI_Comm_idup");
    wait_for(alone, request, remind);
    try {
        MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
        MPI_Query_thread(&thread_level);
        messages = std::make_unique<channel>(comm, piece_bytes());
        roll = std::make_unique<roll_messages>(comm);
        refuse_other_programs(alone, *this);
    } catch (...) {
        shut_down(); // the next call tries again
        throw;
    }
}

endpoint communicator_state::here(const mpi_turn&) {
    return {rank,
            size,
            messages.get(),
            [this] { return helper_of(*this); },
            tend_retired_duplicates,
            [this] {
                if (size != 1)
                    end_job_out_of_step(rank);
            },
            running_items::any_here() ? nullptr : &interruption_here()};
}

int communicator_state::cause_of_ending() {
    return running_items::any_here() ? 0 : detail::cause_of_ending();
}

std::shared_ptr<const std::vector<int>> communicator_state::world_ranks() const {
    if (world_ranks_)
        return world_ranks_;
    std::vector<int> own(static_cast<std::size_t>(size));
    std::iota(own.begin(), own.end(), 0);
    std::vector<int> all(own.size());
    MPI_Group group = MPI_GROUP_NULL;
    MPI_Group world = MPI_GROUP_NULL;
    MPI_Comm_group(comm, &group);
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    MPI_Group_translate_ranks(group, size, own.data(), world, all.data());
    MPI_Group_free(&group);
    MPI_Group_free(&world);
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i] == MPI_UNDEFINED)
            all[i] = own[i];
    }
    return world_ranks_ = std::make_shared<const std::vector<int>>(std::move(all));
}

communicator_state::communicator_state() = default;

communicator_state::~communicator_state() {
    shut_down();
}

void communicator_state::retire(std::list<retired_duplicate>& to) noexcept {
    if (give_up)
        std::exchange(give_up, nullptr)();
    assistant.reset();
    if (comm == MPI_COMM_NULL)
        return;
    retirement_.front().retire(std::exchange(comm, MPI_COMM_NULL), rank, std::move(messages),
                               std::move(roll));
    to.splice(to.end(), retirement_);
}

void communicator_state::shut_down() noexcept {
    if (comm == MPI_COMM_NULL)
        return; // MPI may have ended
    const std::lock_guard lock(states_mutex);
    living_states* const all = find_living();
    if (all == nullptr)
        return; // MPI ends: it takes back what it has given
    retire(all->retired);
    tend_all(*all);
}

std::shared_ptr<communicator_state> state_of(MPI_Comm comm) {
    check_mpi_runs();
    if (comm == MPI_COMM_NULL) {
        throw invalid_argument("mpimap: the communicator is MPI_COMM_NULL: this rank does not belong to it");
    }
    int inter = 0;
    check_mpi(MPI_Comm_test_inter(comm, &inter), "MPI_Comm_test_inter");
    if (inter != 0)
        throw invalid_argument("mpimap: the communicator is an inter-communicator");
    tend_retired_duplicates();
    const std::lock_guard lock(states_mutex);
    void* value = nullptr;
    int found = 0;
    check_mpi(MPI_Comm_get_attr(comm, state_key(), static_cast<void*>(&value), &found), "MPI_Comm_get_attr");
    if (found != 0)
        return static_cast<communicator_state*>(value)->shared_from_this();
    auto fresh = std::make_shared<communicator_state>();
    living_states& all = living();
    // Nothing may fail where the communicator is freed.
    all.outlasting.reserve(all.attached.size() + all.outlasting.size() + 1);
    all.attached.push_back(fresh);
    check_mpi(MPI_Comm_set_attr(comm, state_key(), fresh.get()), "MPI_Comm_set_attr");
    return fresh;
}

} // namespace mpimap::detail
