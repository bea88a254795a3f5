#include <mpimap/spawn.hpp>

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <limits.h>
#include <mpi.h>
#include <unistd.h>

#include <mpimap/detail/pool_core.hpp>
#include <mpimap/errors.hpp>
#include <mpimap/pool.hpp>

#include "command_line.hpp"
#include "driver/helper.hpp"
#include "mpi/communicator.hpp"
#include "mpi/mpi_check.hpp"
#include "pool/launcher.hpp"
#include "pool/lifeline.hpp"

namespace mpimap {
namespace detail {

namespace {

constexpr const char* name_of_address = "MPIMAP_SPAWNED_BY";
constexpr int most_ranks = 1024; // a mistake, before the machine is full of processes

/// What this process was started as.
struct origin_of_process {
    std::string program;
    bool spawned = false; // by a pool
    std::unique_ptr<lifeline> to_program;

    origin_of_process() {
        char path[PATH_MAX];
        const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
        if (length > 0)
            program.assign(path, static_cast<std::size_t>(length));
        if (const char* address = std::getenv(name_of_address)) {
            spawned = true;
            const char* number = std::getenv("OMPI_COMM_WORLD_RANK");
            to_program = std::make_unique<lifeline>(address, number != nullptr ? std::atoi(number) + 1 : 0);
            unsetenv(name_of_address); // what this process starts is no rank
        }
    }
};
const origin_of_process origin;

// ---------------------------------------------------------------- the end of what was spawned

/// Moves on what is left of pools: without the program in MPI their ranks do not hear that they may end.
void move_on() {
    int flag = 0;
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_SELF, &flag, MPI_STATUS_IGNORE);
    tend_retired_duplicates();
}

/// Waits until `over`, at most so long.
template <typename Condition>
bool wait_at_most(std::chrono::milliseconds time, bool in_mpi, const Condition& over) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (!over()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        if (in_mpi)
            move_on();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

constexpr std::chrono::milliseconds for_an_item{2000};
constexpr std::chrono::milliseconds for_an_end{5000};

/// Ranks that still run an item of a pool that an exception left. At the end of the program they are waited
/// for: Open MPI would kill them, with remarks.
class leaving_ranks {
  public:
    void add(std::unique_ptr<lifelines> ranks) { all_.push_back(std::move(ranks)); }
    void tidy() {
        std::erase_if(all_, [](const auto& ranks) { return ranks->all_ended(); });
    }
    ~leaving_ranks() {
        int finalised = 0;
        MPI_Finalized(&finalised);
        if (finalised == 0)
            return; // std::exit: they would wait for this process
        for (const auto& ranks : all_) {
            while (!ranks->all_let_go())
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            wait_at_most(for_an_end, false, [&] { return ranks->all_ended(); });
        }
    }

  private:
    std::vector<std::unique_ptr<lifelines>> all_;
};

leaving_ranks& leaving() {
    static leaving_ranks all;
    return all;
}

class info_object {
  public:
    info_object() { check_mpi(MPI_Info_create(&info_), "MPI_Info_create"); }
    ~info_object() { MPI_Info_free(&info_); }
    info_object(const info_object&) = delete;
    info_object& operator=(const info_object&) = delete;
    void set(const char* key, const std::string& value) {
        if (!value.empty() && value.size() < MPI_MAX_INFO_VAL)
            check_mpi(MPI_Info_set(info_, key, value.c_str()), "MPI_Info_set");
    }
    [[nodiscard]] MPI_Info get() const noexcept { return info_; }

  private:
    MPI_Info info_ = MPI_INFO_NULL;
};

} // namespace

// ---------------------------------------------------------------- the ranks

/// The communicator of a pool with its own ranks.
class spawned_ranks {
  public:
    /// At the program the number is checked, elsewhere not looked at.
    spawned_ranks(spawn ranks, int root);
    ~spawned_ranks() { let_go(); }
    spawned_ranks(const spawned_ranks&) = delete;
    spawned_ranks& operator=(const spawned_ranks&) = delete;

    /// At the program. A spawned rank serves and ends in here.
    [[nodiscard]] std::shared_ptr<pool_core> open(pool_settings settings);
    /// The pool is over: its ranks may end. Waits for them, if they have nothing to do.
    void let_go() noexcept;

  private:
    void start_ranks(const mpi_turn& alone, int ranks);
    void meet(const mpi_turn& alone, MPI_Comm others, bool from_program);
    [[noreturn]] void serve(pool_settings settings);

    MPI_Comm comm_ = MPI_COMM_NULL;
    std::unique_ptr<lifelines> watch_; // at the program, if it has spawned any
    std::weak_ptr<pool_core> pool_;
};

namespace {

int number_of(spawn wanted) {
    const auto refuse = [](const std::string& what) {
        throw invalid_argument("mpimap: pool(mpimap::spawn): " + what +
                               " is not a number of ranks from 1 to " + std::to_string(most_ranks) +
                               ", the root included");
    };
    if (const char* text = std::getenv("MPIMAP_RANKS")) {
        int n = 0;
        const char* const end = text + std::strlen(text);
        const auto [behind, error] = std::from_chars(text, end, n);
        if (error != std::errc() || behind != end || n < 1 || n > most_ranks)
            refuse("'" + std::string(text) + "' in MPIMAP_RANKS");
        return n;
    }
    if (wanted.ranks < 1 || wanted.ranks > most_ranks)
        refuse(wanted.ranks == std::numeric_limits<int>::max() ? "what is given"
                                                               : std::to_string(wanted.ranks));
    return wanted.ranks;
}

void check_alone() {
    int size = 1;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size > 1 || has_launcher()) {
        throw invalid_argument(
            "mpimap: pool(mpimap::spawn) is for programs that are started by hand. This one was started by "
            "mpirun, srun or the like, with " +
            std::to_string(size) + (size == 1 ? " rank" : " ranks") +
            ": use mpimap::pool pool(world), which serves with these");
    }
}

} // namespace

spawned_ranks::spawned_ranks(spawn ranks, int root) {
    const mpi_turn alone; // an item of another pool may make one
    check_mpi_runs();
    if (origin.spawned) {
        static bool serving = false;
        if (std::exchange(serving, true))
            throw nested_call(
                "mpimap: pool(mpimap::spawn): this rank serves in such a pool, and spawns none");
        MPI_Comm program = MPI_COMM_NULL;
        check_mpi(MPI_Comm_get_parent(&program), "MPI_Comm_get_parent");
        if (program == MPI_COMM_NULL)
            throw nested_call(
                "mpimap: pool(mpimap::spawn): the program that has spawned this rank is not there");
        origin.to_program->arrived();
        meet(alone, program, false);
        return;
    }
    check_alone();
    const int n = number_of(ranks);
    if (root != 0) {
        throw invalid_argument("mpimap: pool(mpimap::spawn): the root is this process, rank 0: "
                               "pool_options::root cannot be " +
                               std::to_string(root));
    }
    if (n == 1)
        check_mpi(MPI_Comm_dup(MPI_COMM_SELF, &comm_), "MPI_Comm_dup");
    else
        start_ranks(alone, n);
}

/// What of it starts with the program of this process: its ranks by Open MPI, wherever it finds room.
void spawned_ranks::start_ranks(const mpi_turn& alone, int ranks) {
    if (origin.program.empty())
        throw invalid_argument("mpimap: pool(mpimap::spawn): /proc/self/exe does not name this program");
    leaving().tidy();
    watch_ = std::make_unique<lifelines>();
    info_object info;
    std::string environment = name_of_address + ("=" + watch_->address());
    if (const std::string more = spawning_conditions::of_spawned(); !more.empty())
        environment += "\n" + more;
#if defined(OMPI_MAJOR_VERSION) && OMPI_MAJOR_VERSION >= 5
    info.set("PMIX_ENVAR", environment);
#else
    info.set("env", environment);
#endif
    info.set("wdir", started_as().folder);
    const auto unset = [](const char* open_mpi_4, const char* open_mpi_5) {
        return std::getenv(open_mpi_4) == nullptr && std::getenv(open_mpi_5) == nullptr;
    };
    // More ranks than cores are the user's decision. Pinned ones would share cores with the root, which is
    // not.
    if (unset("OMPI_MCA_rmaps_base_mapping_policy", "PRTE_MCA_rmaps_default_mapping_policy"))
        info.set("map_by", "slot:OVERSUBSCRIBE");
    if (unset("OMPI_MCA_hwloc_base_binding_policy", "PRTE_MCA_hwloc_default_binding_policy"))
        info.set("bind_to", "none");

    std::vector<std::string> words = started_as().words;
    std::vector<char*> argv;
    for (std::size_t i = 1; i < words.size(); ++i) // without the program's name
        argv.push_back(words[i].data());
    argv.push_back(nullptr);
    MPI_Comm self = MPI_COMM_NULL; // whose errors are returned
    check_mpi(MPI_Comm_dup(MPI_COMM_SELF, &self), "MPI_Comm_dup");
    MPI_Comm_set_errhandler(self, MPI_ERRORS_RETURN);
    std::vector<int> codes(static_cast<std::size_t>(ranks - 1), MPI_SUCCESS);
    MPI_Comm others = MPI_COMM_NULL;
    int code = MPI_Comm_spawn(origin.program.c_str(), argv.data(), ranks - 1, info.get(), 0, self, &others,
                              codes.data());
    MPI_Comm_free(&self);
    for (const int c : codes)
        code = code == MPI_SUCCESS ? c : code;
    if (code != MPI_SUCCESS) {
        char text[MPI_MAX_ERROR_STRING] = {};
        int length = 0;
        MPI_Error_string(code, text, &length);
        throw mpi_error("mpimap: pool(mpimap::spawn): MPI_Comm_spawn could not start " +
                            std::to_string(ranks - 1) + " more of " + origin.program + ": " +
                            std::string(text, static_cast<std::size_t>(length)) +
                            ". Start the program with mpirun or srun, and use mpimap::pool pool(world)",
                        code);
    }
    meet(alone, others, true);
}

/// Collective over both sides.
void spawned_ranks::meet(const mpi_turn& alone, MPI_Comm others, bool from_program) {
    MPI_Comm_set_errhandler(others, MPI_ERRORS_RETURN);
    // The others may have long to go until they are here, and a merge does not nap.
    MPI_Request request = MPI_REQUEST_NULL;
    check_mpi(MPI_Ibarrier(others, &request), "MPI_Ibarrier");
    wait_for(alone, request);
    check_mpi(MPI_Intercomm_merge(others, from_program ? 0 : 1, &comm_), "MPI_Intercomm_merge");
    // Freed, not disconnected, here and later: that would wait for the other side.
    check_mpi(MPI_Comm_free(&others), "MPI_Comm_free");
}

std::shared_ptr<pool_core> spawned_ranks::open(pool_settings settings) {
    if (!watch_ && origin.spawned)
        serve(std::move(settings));
    auto core = std::make_shared<pool_core>(comm_, std::move(settings));
    pool_ = core;
    return core;
}

void spawned_ranks::serve(pool_settings settings) {
    try {
        const pool_core served(comm_, std::move(settings));
    } catch (const mpi_error& e) {
        // The program may still be waiting: without a word this rank's end ends it, too.
        std::fprintf(stderr, "%s\n", e.what());
        std::_Exit(EXIT_FAILURE);
    } catch (const error&) {
        // The program throws it, too.
    }
    origin.to_program->let_go();
    MPI_Comm_free(&comm_);
    MPI_Finalize();
    std::exit(EXIT_SUCCESS);
}

void spawned_ranks::let_go() noexcept {
    const mpi_turn alone;
    int finalised = 0;
    MPI_Finalized(&finalised);
    const bool in_mpi = finalised == 0;
    if (in_mpi) {
        if (const auto pool = pool_.lock())
            pool->leave_communicator();
        if (comm_ != MPI_COMM_NULL)
            MPI_Comm_free(&comm_);
    }
    if (!watch_)
        return;
    // Behind MPI_Finalize all are on their way. Before it they need the program in MPI to end, which it may
    // not be again for long; but one that runs a long item is not waited for.
    if (!in_mpi || wait_at_most(for_an_item, in_mpi, [this] { return watch_->all_let_go(); }))
        wait_at_most(for_an_end, in_mpi, [this] { return watch_->all_ended(); });
    if (watch_->all_ended())
        watch_.reset();
    else if (in_mpi)
        leaving().add(std::move(watch_));
}

void let_go(spawned_ranks& ranks) noexcept {
    ranks.let_go();
}

} // namespace detail

pool::pool(spawn ranks, pool_options o)
    : pool(std::make_shared<detail::spawned_ranks>(ranks, o.root), std::move(o)) {}

pool::pool(std::shared_ptr<detail::spawned_ranks> ranks, pool_options&& o)
    : ranks_(std::move(ranks)),
      core_(ranks_->open({o.root, o.cache_bytes, o.window, o.root_computes, std::move(o.set_up)})),
      window_(o.window), exceptions_(std::uncaught_exceptions()), submitted_(o.seed, std::move(o.stream)) {}

} // namespace mpimap
