#pragma once

namespace mpimap::detail {

/// Throws mpi_error with MPI's own text when a function did not return MPI_SUCCESS.
void check_mpi(int code, const char* function);

/// Throws invalid_argument where MPI is not initialised, or has been finalised.
void check_mpi_runs();

} // namespace mpimap::detail
