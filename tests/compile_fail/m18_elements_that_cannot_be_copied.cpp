// Elements that cannot be copied into the window of a lazy map.
// first build error: mpimap\[M18\]

#include <memory>
#include <utility>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

struct matrix {
    std::unique_ptr<double> trace = std::make_unique<double>(1);
};
double norm(const matrix& m) {
    return *m.trace;
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    mpimap::pool pool(world);
    if (!pool)
        return 0;
    const std::vector<matrix> matrices(3);
    double sum = 0;
#ifdef MEND
    for (const double y : pool.map(norm, matrices))
        sum += y;
#else
    for (const double y : pool.imap(norm, matrices))
        sum += y;
#endif
    return sum == 3 ? 0 : 1;
}
