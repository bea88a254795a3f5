// std::ref of a function object.
// first build error: mpimap\[M26\]

#include <functional>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

struct line {
    double slope = 1;
    double operator()(double x) const { return slope * x; }
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const line l{2};
#ifdef MEND
    const std::vector<double> r = mpimap::mpi_map(world, l, xs);
#else
    const std::vector<double> r = mpimap::mpi_map(world, std::cref(l), xs);
#endif
    return r.size() == 3 ? 0 : 1;
}
