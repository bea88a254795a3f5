// A struct of plain bytes, but one of its members is a pointer.
// first build error: mpimap\[M05\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

struct signal {
#ifdef MEND
    std::vector<double> samples;
#else
    const double* samples;
    int count;
#endif
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<signal> signals(3);
    const std::vector<int> r = mpimap::mpi_map(
        world, [](const signal&) { return 1; }, signals);
    return r.size() == 3 ? 0 : 1;
}
