// An overloaded method is not one function.
// first build error: no matching function for call to .*bind_front
// build error: model::energy

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

struct model {
    double k = 1;
    double energy(double x) const { return k * x; }
    double energy(double x, double y) const { return k * x * y; }
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const model m;
#ifdef MEND
    constexpr double (model::*energy)(double) const = &model::energy;
    const std::vector<double> r = mpimap::mpi_map(world, mpimap::bind_front<energy>(m), xs);
#else
    const std::vector<double> r = mpimap::mpi_map(world, mpimap::bind_front<&model::energy>(m), xs);
#endif
    return r.size() == 3 ? 0 : 1;
}
