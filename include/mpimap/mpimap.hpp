#pragma once

// Everything but serialization.hpp, which is heavy: include that where types need it.

#include <mpimap/detail/needs.hpp>

#include <boost/mpi/communicator.hpp>

#include <mpimap/arguments.hpp>
#include <mpimap/codec.hpp>
#include <mpimap/environment.hpp>
#include <mpimap/errors.hpp>
#include <mpimap/expected.hpp>
#include <mpimap/function.hpp>
#include <mpimap/future.hpp>
#include <mpimap/grid.hpp>
#include <mpimap/grid_shape.hpp>
#include <mpimap/lazy_results.hpp>
#include <mpimap/map.hpp>
#include <mpimap/options.hpp>
#include <mpimap/pool.hpp>
#include <mpimap/pool_options.hpp>
#include <mpimap/printable.hpp>
#include <mpimap/random.hpp>
#include <mpimap/report.hpp>
#include <mpimap/run_main.hpp>
#include <mpimap/schedule.hpp>
#include <mpimap/shared.hpp>
#include <mpimap/spawn.hpp>
#include <mpimap/task.hpp>
#include <mpimap/version.hpp>
