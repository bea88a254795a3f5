// An operation whose sum refers to operands that end with it. std::plus<> refers to what is outside of it.
// first build error: mpimap\[M20\]

#include <functional>

#include <Eigen/Core>
#include <boost/mpi/communicator.hpp>

#include <mpimap/eigen.hpp>
#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const Eigen::MatrixXd zero = Eigen::MatrixXd::Zero(3, 3);
    const auto matrix = [](std::size_t i) -> Eigen::MatrixXd {
        return Eigen::MatrixXd::Constant(3, 3, static_cast<double>(i));
    };
#ifdef MEND
    const auto add = std::plus<>{};
#else
    const auto add = [](Eigen::MatrixXd a, Eigen::MatrixXd b) { return a + b; };
#endif
    const Eigen::MatrixXd sum = mpimap::mpi_map_reduce(world, add, zero, matrix, mpimap::indices(10));
    return sum.rows() == 3 ? 0 : 1;
}
