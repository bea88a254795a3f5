// A constant in a submission.
// first build error: mpimap\[M17\]

#include <cstddef>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

double at(const std::vector<double>& t, std::size_t i) {
    return t.at(i);
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    mpimap::pool pool(world);
    if (!pool)
        return 0;
    const std::vector<double> table{1, 2, 3};
#ifdef MEND
    auto one = pool.submit(mpimap::bind_front(&at, table), std::size_t{1});
#else
    auto one = pool.submit(&at, mpimap::broadcast(table), std::size_t{1});
#endif
    return static_cast<double>(one.get()) == 2 ? 0 : 1;
}
