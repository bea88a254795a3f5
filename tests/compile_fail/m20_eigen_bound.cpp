// A function that a view is bound to.
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
    const auto f = mpimap::bind_front(scaled_sum, Eigen::VectorXd(a.col(0)));
#else
    const auto f = mpimap::bind_front(scaled_sum, a.col(0));
#endif
    const std::vector<double> r = mpimap::mpi_map(world, f, xs);
    return r.size() == 3 ? 0 : 1;
}
