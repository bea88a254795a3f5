// std::bind_front of a method and an object.
// first build error: mpimap\[M26\]

#include <functional>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

struct line {
    double slope = 1;
    double at(double x) const { return slope * x; }
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const line l{2};
#ifdef MEND
    const std::vector<double> r = mpimap::mpi_map(world, mpimap::bind_front(&line::at, l), xs);
#else
    const std::vector<double> r = mpimap::mpi_map(world, std::bind_front(&line::at, l), xs);
#endif
    return r.size() == 3 ? 0 : 1;
}
