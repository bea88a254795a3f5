#include "mpi/mpi_check.hpp"

#include <string>

#include <mpi.h>

#include <mpimap/errors.hpp>

namespace mpimap::detail {

void check_mpi(int code, const char* function) {
    if (code == MPI_SUCCESS)
        return;
    char text[MPI_MAX_ERROR_STRING] = {};
    int length = 0;
    MPI_Error_string(code, text, &length);
    throw mpi_error(std::string("mpimap: ") + function + ": " +
                        std::string(text, static_cast<std::size_t>(length)),
                    code);
}

void check_mpi_runs() {
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
}

} // namespace mpimap::detail
