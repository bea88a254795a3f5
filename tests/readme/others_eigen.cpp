// The sample of docs/types-of-others.md for Eigen.

#include "others_eigen.inc"

#include "others.hpp"

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    std::vector<Eigen::MatrixXd> matrices;
    for (const int n : {1, 3, 150})
        matrices.emplace_back(2 * Eigen::MatrixXd::Identity(n, n) + Eigen::MatrixXd::Constant(n, n, 0.5));
    const auto equal = [](const auto& a, const auto& b) { return a == b; };
    bool right = travels(matrices, inverse, equal);

    const std::vector<Eigen::Matrix3d> small(20, Eigen::Vector3d(3, 1, 2).asDiagonal());
    const std::vector<Eigen::Vector3d> values = mpimap::mpi_map(world, eigenvalues, small);
    right = right && (world.rank() != 0 || values.at(19).isApprox(Eigen::Vector3d(1, 2, 3)));

    const Eigen::MatrixXd zero = Eigen::MatrixXd::Zero(3, 3);
    const auto ones = [](std::size_t) -> Eigen::MatrixXd { return Eigen::MatrixXd::Ones(3, 3); };
    const Eigen::MatrixXd sum =
        mpimap::mpi_map_reduce(world, std::plus<>{}, zero, ones, mpimap::indices(100));
    right = right && sum.sum() == (world.rank() == 0 ? 900 : 0);
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
