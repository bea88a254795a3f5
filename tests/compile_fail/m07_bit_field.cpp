// A bit-field beside what is no plain bytes.
// first build error: mpimap\[M07\]
// build error: hit.*at::argument<1>

#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

struct hit {
    std::string detector;
#ifdef MEND
    unsigned channel = 0;
#else
    unsigned channel : 12;
#endif
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<hit> hits(3);
    const std::vector<std::size_t> r = mpimap::mpi_map(
        world, [](const hit& h) { return h.detector.size(); }, hits);
    return r.size() == 3 ? 0 : 1;
}
