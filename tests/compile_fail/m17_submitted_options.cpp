// Options of a submission.
// first build error: mpimap\[M17\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

double twice(double x) {
    return 2 * x;
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    mpimap::pool pool(world);
    if (!pool)
        return 0;
#ifdef MEND
    auto one = pool.amap({.attempts = 3}, twice, std::vector<double>{1});
    return one.get().front() == 2 ? 0 : 1;
#else
    auto one = pool.submit(mpimap::options{.attempts = 3}, twice, 1.0);
    return one.get() == 2 ? 0 : 1;
#endif
}
