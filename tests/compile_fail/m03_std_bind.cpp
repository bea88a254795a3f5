// std::bind hides what it holds, mpimap::bind_back does not.
// first build error: mpimap\[M03\]

#include <cmath>
#include <functional>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

double power(double x, double p) {
    return std::pow(x, p);
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
#ifdef MEND
    const std::vector<double> r = mpimap::mpi_map(world, mpimap::bind_back(power, 2.0), xs);
#else
    const std::vector<double> r = mpimap::mpi_map(world, std::bind(power, std::placeholders::_1, 2.0), xs);
#endif
    return r.size() == 3 ? 0 : 1;
}
