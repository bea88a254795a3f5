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

void tell(const interrupted& e) {
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
    try {
        status = program(argc, argv);
        if (status == EXIT_SUCCESS && has_left_items())
            status = status_of_interrupted;
    } catch (const interrupted& e) {
        status = status_of_interrupted;
        close_journals();
        tell(e);
    } catch (...) {
        tell_and_end_job();
    }
    if (status != EXIT_SUCCESS) {
        int rank = 0;
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        set_job_status(status);
        limited.emplace(rank, status);
    }
    return status;
}

} // namespace mpimap
