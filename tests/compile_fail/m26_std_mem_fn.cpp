// std::mem_fn.
// first build error: mpimap\[M26\]

#include <functional>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

struct line {
    double slope = 1;
    double at_one() const { return slope; }
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<line> lines(3);
#ifdef MEND
    const std::vector<double> r = mpimap::mpi_map(world, &line::at_one, lines);
#else
    const std::vector<double> r = mpimap::mpi_map(world, std::mem_fn(&line::at_one), lines);
#endif
    return r.size() == 3 ? 0 : 1;
}
