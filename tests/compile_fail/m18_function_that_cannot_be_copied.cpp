// A function that owns its workspace, in a call that outlives the line.
// first build error: mpimap\[M18\]

#include <memory>
#include <utility>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

struct scaled {
    std::unique_ptr<double> factor = std::make_unique<double>(2);
    double operator()(double x) const { return *factor * x; }
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    mpimap::pool pool(world);
    if (!pool)
        return 0;
    const std::vector<double> xs{1, 2, 3};
    scaled f;
#ifdef MEND
    auto later = pool.amap(std::move(f), xs);
#else
    auto later = pool.amap(f, xs);
#endif
    return later.get().back() == 6 ? 0 : 1;
}
