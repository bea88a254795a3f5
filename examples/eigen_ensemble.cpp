// An ensemble of linear systems: a beam on springs, its stiffness uncertain. Each sample is a sparse system
// of its own; the mean and the covariance of the solutions are sums of matrices, folded where the items run.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <iostream>
#include <vector>

#include <Eigen/Dense>
#include <Eigen/SparseCholesky>
#include <boost/mpi/communicator.hpp>

#include <mpimap/eigen.hpp>
#include <mpimap/mpimap.hpp>

#include "check.hpp"

constexpr Eigen::Index points = 40;
constexpr std::size_t samples = 500;

// A chain of springs from wall to wall, each stiffness in [0.5, 1.5]: Weyl's sequence instead of random
// numbers.
Eigen::SparseMatrix<double> chain(std::size_t sample) {
    Eigen::VectorXd k(points + 1);
    for (Eigen::Index i = 0; i <= points; ++i) {
        const double x = 0.6180339887498949 * static_cast<double>(sample + 1) * static_cast<double>(i + 1);
        k[i] = 0.5 + x - std::floor(x);
    }
    Eigen::SparseMatrix<double> a(points, points);
    for (Eigen::Index i = 0; i < points; ++i) {
        a.insert(i, i) = k[i] + k[i + 1];
        if (i > 0)
            a.insert(i, i - 1) = -k[i];
        if (i + 1 < points)
            a.insert(i, i + 1) = -k[i + 1];
    }
    return a;
}

// A function's result is a matrix, not an expression: the type is written, or there is a variable of it.
Eigen::VectorXd solve(const Eigen::SparseMatrix<double>& a, const Eigen::VectorXd& load) {
    const Eigen::SimplicialLDLT<Eigen::SparseMatrix<double>> factors(a);
    return factors.solve(load);
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;

    // Only the root's systems count, so that the others need none.
    std::vector<Eigen::SparseMatrix<double>> systems;
    if (world.rank() == 0) {
        for (std::size_t i = 0; i < samples; ++i)
            systems.push_back(chain(i));
    }
    const Eigen::VectorXd load = Eigen::VectorXd::Constant(points, 0.01);

    // Sparse matrices there, vectors back; the load is the same for all.
    const std::vector<Eigen::VectorXd> u = mpimap::mpi_map(world, solve, systems, mpimap::broadcast(load));

    // The covariance: products of vectors with themselves, of which only sums travel.
    Eigen::VectorXd mean = Eigen::VectorXd::Zero(points);
    for (const Eigen::VectorXd& x : u)
        mean += x / static_cast<double>(samples);
    const auto deviation = [](const Eigen::VectorXd& x, const Eigen::VectorXd& m) -> Eigen::MatrixXd {
        return (x - m) * (x - m).transpose();
    };
    const Eigen::MatrixXd zero = Eigen::MatrixXd::Zero(points, points);
    const Eigen::MatrixXd sum =
        mpimap::mpi_map_reduce(world, std::plus<>{}, zero, deviation, u, mpimap::broadcast(mean));

    if (world.rank() == 0) {
        const Eigen::VectorXd spread = (sum.diagonal() / static_cast<double>(samples - 1)).cwiseSqrt();
        std::cout << samples << " chains, ranks: " << world.size() << ", in the middle the displacement is "
                  << mean[points / 2] << " +- " << spread[points / 2] << '\n';
        double residual = 0;
        for (std::size_t i = 0; i < samples; ++i)
            residual = std::max(residual, (chain(i) * u[i] - load).norm());
        check(residual < 1e-10, "each solution solves its system");
        check(sum.isApprox(sum.transpose()) && spread.minCoeff() > 0, "the covariance is one");
    }
}
