// The start of a fold, from which the type of its values is taken.
// first build error: mpimap\[M20\]

#include <functional>

#include <Eigen/Core>
#include <boost/mpi/communicator.hpp>

#include <mpimap/eigen.hpp>
#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
#ifdef MEND
    const Eigen::MatrixXd zero = Eigen::MatrixXd::Zero(3, 3);
#else
    const auto zero = Eigen::MatrixXd::Zero(3, 3);
#endif
    const auto matrix = [](std::size_t i) -> Eigen::MatrixXd {
        return Eigen::MatrixXd::Constant(3, 3, static_cast<double>(i));
    };
    const Eigen::MatrixXd sum =
        mpimap::mpi_map_reduce(world, std::plus<>{}, zero, matrix, mpimap::indices(10));
    return sum.rows() == 3 ? 0 : 1;
}
