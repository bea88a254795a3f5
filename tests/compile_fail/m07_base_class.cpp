// A struct with a base class.
// first build error: mpimap\[M07\]

#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

struct named {
    std::string name;
};
#ifdef MEND
struct particle {
    named label;
    double mass;
};
#else
struct particle : named {
    double mass;
};
#endif

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<particle> particles(3);
    const std::vector<double> r = mpimap::mpi_map(
        world, [](const particle& p) { return p.mass; }, particles);
    return r.size() == 3 ? 0 : 1;
}
