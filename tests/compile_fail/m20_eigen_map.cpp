// Elements that show memory of this rank.
// first build error: mpimap\[M20\]

#include <vector>

#include <Eigen/Core>
#include <boost/mpi/communicator.hpp>

#include <mpimap/eigen.hpp>
#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> data(300, 1.0);
    const auto norm = [](const auto& x) { return x.norm(); };
#ifdef MEND
    std::vector<Eigen::VectorXd> parts;
#else
    std::vector<Eigen::Map<const Eigen::VectorXd>> parts;
#endif
    for (int i = 0; i < 3; ++i)
        parts.push_back(Eigen::Map<const Eigen::VectorXd>(data.data() + 100 * i, 100));
    const std::vector<double> r = mpimap::mpi_map(world, norm, parts);
    return r.size() == 3 ? 0 : 1;
}
