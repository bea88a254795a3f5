// A struct with a reference to a matrix in it.
// first build error: mpimap\[M20\]

#include <vector>

#include <Eigen/Core>
#include <boost/mpi/communicator.hpp>

#include <mpimap/eigen.hpp>
#include <mpimap/mpimap.hpp>

struct problem {
    int id;
#ifdef MEND
    Eigen::MatrixXd a;
#else
    Eigen::Ref<const Eigen::MatrixXd> a;
#endif
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const Eigen::MatrixXd a = Eigen::MatrixXd::Identity(3, 3);
    const std::vector<problem> problems{{1, a}, {2, a}};
    const auto trace = [](const problem& p) { return p.id * p.a.trace(); };
    const std::vector<double> r = mpimap::mpi_map(world, trace, problems);
    return r.size() == 2 ? 0 : 1;
}
