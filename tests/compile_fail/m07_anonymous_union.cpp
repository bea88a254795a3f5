// An anonymous union beside what is no plain bytes.
// first build error: mpimap\[M07\]
// build error: hit.*at::argument<1>

#include <string>
#include <variant>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

struct hit {
    std::string detector;
#ifdef MEND
    std::variant<double, long> value;
#else
    union {
        double energy;
        long count;
    };
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
