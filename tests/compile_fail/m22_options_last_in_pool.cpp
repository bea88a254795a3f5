// Options behind the ranges of a stream.
// first build error: mpimap\[M22\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    mpimap::pool pool(world);
    const std::vector<double> xs{1, 2, 3};
    const auto square = [](double x) { return x * x; };
    const mpimap::options o{.chunk = 4};
    double sum = 0;
#ifdef MEND
    for (const double y : pool.imap(o, square, xs))
        sum += y;
#else
    for (const double y : pool.imap(square, xs, o))
        sum += y;
#endif
    return sum > 0 ? 0 : 1;
}
