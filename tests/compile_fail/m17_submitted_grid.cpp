// A grid in a submission.
// first build error: mpimap\[M17\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

double add(double x, double y) {
    return x + y;
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    mpimap::pool pool(world);
    if (!pool)
        return 0;
    const std::vector<double> xs{1, 2, 3};
    const std::vector<double> ys{4, 5};
#ifdef MEND
    auto later = pool.amap(add, mpimap::grid(xs, ys));
    return later.get().size() == 6 ? 0 : 1;
#else
    auto later = pool.submit(add, mpimap::grid(xs, ys));
    return static_cast<double>(later.get()) == 5 ? 0 : 1;
#endif
}
