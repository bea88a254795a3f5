// An array behind a smart pointer: nobody knows its length.
// first build error: mpimap\[M06\]

#include <memory>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#ifdef MEND
using samples = std::shared_ptr<std::vector<double>>;
#else
using samples = std::shared_ptr<double[]>;
#endif

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<samples> all;
    const std::vector<int> r = mpimap::mpi_map(
        world, [](const samples& s) { return s ? 1 : 0; }, all);
    return r.empty() ? 0 : 1;
}
