// A function that returns an expression: it refers to matrices that are gone when it would be sent.
// first build error: mpimap\[M20\]

#include <vector>

#include <Eigen/Dense>
#include <boost/mpi/communicator.hpp>

#include <mpimap/eigen.hpp>
#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<Eigen::MatrixXd> matrices(3, Eigen::MatrixXd::Identity(4, 4));
#ifdef MEND
    const auto twice = [](const Eigen::MatrixXd& m) -> Eigen::MatrixXd { return m * 2; };
#else
    const auto twice = [](const Eigen::MatrixXd& m) { return m * 2; };
#endif
    const std::vector<Eigen::MatrixXd> r = mpimap::mpi_map(world, twice, matrices);
    return r.size() == 3 ? 0 : 1;
}
