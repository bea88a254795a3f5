#include <mpimap/run_main.hpp>

#include <cstdio>
#include <cstdlib>
#include <optional>

#include <mpi.h>

#include <mpimap/errors.hpp>

#include "ending/ending.hpp"
#include "errors/uncaught.hpp"
#include "kept/open_journal.hpp"
#include "mpi/patience.hpp"

namespace mpimap {
namespace {

void tell_of(const interrupted& e) {
    if (!detail::is_told_here(e.what()))
        return;
    std::fprintf(stderr, "%s\n", e.what());
    std::fflush(stderr);
}

} // namespace

int detail::run_main(int argc, char** argv, environment_options options,
                     const std::function<int(int&, char**&)>& program) {
    options.handle_signals = true;
    std::optional<patience> limited; // until MPI is finalised
    const environment mpi(argc, argv, options);
    int status = EXIT_SUCCESS;
    bool waits_for_all = false; // to finalise MPI: this rank has done what it was to do
    try {
        status = program(argc, argv);
        waits_for_all = status == EXIT_SUCCESS;
        if (waits_for_all && has_left_items())
            status = status_of_interrupted;
    } catch (const interrupted& e) {
        status = status_of_interrupted;
        close_journals();
        tell_of(e);
    } catch (...) {
        tell_and_end_job();
    }
    note_end_of_program();
    set_job_status(status == EXIT_SUCCESS ? job_status() : status);
    int finalised = 0;
    MPI_Finalized(&finalised);
    if (status != EXIT_SUCCESS && !waits_for_all && finalised == 0) {
        int rank = 0;
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        limited.emplace(rank, status);
    }
    return status;
}

} // namespace mpimap
