// std::not_fn of a function.
// first build error: mpimap\[M26\]

#include <functional>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

bool is_hot(double x) {
    return x > 30;
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
#ifdef MEND
    const std::vector<bool> r = mpimap::mpi_map(
        world, [](double x) { return !is_hot(x); }, xs);
#else
    const std::vector<bool> r = mpimap::mpi_map(world, std::not_fn(is_hot), xs);
#endif
    return r.size() == 3 ? 0 : 1;
}
