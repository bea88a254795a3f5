// A constant that has not been computed yet.
// first build error: mpimap\[M20\]

#include <vector>

#include <Eigen/Core>
#include <boost/mpi/communicator.hpp>

#include <mpimap/eigen.hpp>
#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const Eigen::MatrixXd a = Eigen::MatrixXd::Identity(3, 3);
    const std::vector<double> xs{1, 2, 3};
    const auto scaled_sum = [](const auto& m, double x) { return x * m.sum(); };
#ifdef MEND
    const auto r = mpimap::mpi_map(world, scaled_sum, mpimap::broadcast((a + a).eval()), xs);
#else
    const auto r = mpimap::mpi_map(world, scaled_sum, mpimap::broadcast(a + a), xs);
#endif
    return r.size() == 3 ? 0 : 1;
}
