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

} // namespace mpimap::detail
