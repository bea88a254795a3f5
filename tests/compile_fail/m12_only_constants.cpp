// Constants only: how many items?
// first build error: mpimap\[M12\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> table{1, 2, 3};
#ifdef MEND
    const auto draw = [](const std::vector<double>& t, std::size_t i) { return t.at(i % t.size()); };
    const std::vector<double> r = mpimap::mpi_map(world, draw, mpimap::broadcast(table), mpimap::indices(10));
#else
    const auto draw = [](const std::vector<double>& t) { return t.at(0); };
    const std::vector<double> r = mpimap::mpi_map(world, draw, mpimap::broadcast(table));
#endif
    return r.size() == 10 ? 0 : 1;
}
