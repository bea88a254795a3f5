#include <mpimap/environment.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <optional>

#include <elf.h>
#include <link.h>
#include <mpi.h>

#include <mpimap/errors.hpp>

#include "call/only_items.hpp"
#include "ending/ending.hpp"
#include "errors/uncaught.hpp"
#include "kept/open_journal.hpp"
#include "mpi/end_program.hpp"
#include "mpi/patience.hpp"
#include "pool/launcher.hpp"
#include "pool/lifeline.hpp"
#include "running/last_words.hpp"

namespace mpimap {
namespace {

/// The program itself, not a library: what is static there lives until the program exits.
bool is_static_in_program(const void* object) {
    const auto at = reinterpret_cast<std::uintptr_t>(object);
    // The program comes first, and that is all that is looked at.
    const auto look = [](dl_phdr_info* info, std::size_t, void* data) {
        const std::uintptr_t wanted = *static_cast<const std::uintptr_t*>(data);
        for (int i = 0; i < info->dlpi_phnum; ++i) {
            const ElfW(Phdr)& segment = info->dlpi_phdr[i];
            const std::uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
            if (segment.p_type == PT_LOAD && wanted >= begin && wanted - begin < segment.p_memsz)
                return 1;
        }
        return 2;
    };
    return dl_iterate_phdr(look, const_cast<std::uintptr_t*>(&at)) == 1;
}

bool ended_early = false;

void finalise() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0 && !ended_early)
        detail::tell_if_never_run();
    detail::lifeline::end_of_main();
    MPI_Finalize();
}

/// At the end of the program, where its status is known.
void finalise_with(int status, void*) {
    detail::fatal_signals::tell_of_exit(status); // before MPI_Finalize, which may be for ever
    int finalised = 0;
    MPI_Finalized(&finalised);
    if (finalised != 0)
        return;
    std::optional<detail::patience> limited;
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (status != EXIT_SUCCESS) {
        detail::set_job_status(status);
        limited.emplace(rank, status);
    }
    finalise();
}

/// The terminate handler.
[[noreturn]] void terminate() noexcept {
    detail::tell_last_words("comes to std::terminate");
    detail::tell_and_end_job();
}

} // namespace

void detail::end_program() {
    ended_early = true;
    int finalised = 0;
    MPI_Finalized(&finalised);
    if (finalised == 0)
        finalise();
    std::exit(EXIT_SUCCESS);
}

environment::environment(int& argc, char**& argv, environment_options options) {
    initialise(&argc, &argv, options);
}
environment::environment(environment_options options) {
    initialise(nullptr, nullptr, options);
}

void environment::initialise(int* argc, char*** argv, const environment_options& options) {
    int initialised = 0;
    MPI_Initialized(&initialised);
    detail::fatal_signals fatal; // ahead of MPI, which has handlers of its own
    if (options.handle_signals)
        detail::heed_signals_and_slurm();
    if (initialised == 0) {
        const detail::spawning_conditions of_ranks;
        int provided = 0;
        const int wanted = options.items_call_mpi ? MPI_THREAD_MULTIPLE : MPI_THREAD_SERIALIZED;
        const int code = MPI_Init_thread(argc, argv, wanted, &provided);
        if (code != MPI_SUCCESS)
            throw mpi_error("mpimap: MPI_Init_thread failed", code);
        finalise_ = true;
    }
    std::set_terminate(terminate);
    fatal.install();
}

environment::~environment() {
    // While an exception unwinds this rank, others may be in a call: finalising would wait for them for ever.
    // The exception ends in the terminate handler if nobody catches it.
    int finalised = 0;
    MPI_Finalized(&finalised);
    if (!finalise_ || finalised != 0 || std::uncaught_exceptions() != 0)
        return;
    detail::close_journals(); // for the program that comes next
    // A static one goes in std::exit, which calls next what is registered now.
    if (!is_static_in_program(this) || on_exit(finalise_with, nullptr) != 0)
        finalise();
}

} // namespace mpimap
