#include <mpimap/environment.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include <mpi.h>

#include <mpimap/errors.hpp>

#include "launcher.hpp"
#include "lifeline.hpp"

namespace mpimap {
namespace {

[[noreturn]] void abort_job() {
    int initialised = 0;
    int finalised = 0;
    MPI_Initialized(&initialised);
    MPI_Finalized(&finalised);
    const bool running = initialised != 0 && finalised == 0;
    int rank = 0;
    if (running)
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (detail::lifeline::rank() != 0)
        rank = detail::lifeline::rank(); // the world of spawned ranks is without the root
    try {
        if (const std::exception_ptr e = std::current_exception())
            std::rethrow_exception(e);
        std::fprintf(stderr, "rank %d: terminated without an exception\n", rank);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "rank %d: uncaught exception: %s\n", rank, e.what());
    } catch (...) {
        std::fprintf(stderr, "rank %d: uncaught exception that is not derived from std::exception\n", rank);
    }
    std::fflush(stderr);
    // An exception that nobody caught ends the whole job: the only place where all ranks are meant, not a
    // communicator.
    if (running)
        MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    std::abort();
}

} // namespace

environment::environment(int& argc, char**& argv, environment_options options) {
    initialise(&argc, &argv, options);
}
environment::environment(environment_options options) {
    initialise(nullptr, nullptr, options);
}

void environment::initialise(int* argc, char*** argv, const environment_options& options) {
    int initialised = 0;
    MPI_Initialized(&initialised);
    if (initialised == 0) {
        const detail::spawning_conditions of_ranks;
        int provided = 0;
        const int wanted = options.items_call_mpi ? MPI_THREAD_MULTIPLE : MPI_THREAD_SERIALIZED;
        const int code = MPI_Init_thread(argc, argv, wanted, &provided);
        if (code != MPI_SUCCESS)
            throw mpi_error("mpimap: MPI_Init_thread failed", code);
        finalise_ = true;
    }
    std::set_terminate(abort_job);
}

environment::~environment() {
    // While an exception unwinds this rank, others may be in a call: finalising would wait for them for ever.
    // The exception ends in the terminate handler if nobody catches it.
    int finalised = 0;
    MPI_Finalized(&finalised);
    if (finalise_ && finalised == 0 && std::uncaught_exceptions() == 0) {
        detail::lifeline::end_of_main();
        MPI_Finalize();
    }
}

} // namespace mpimap
