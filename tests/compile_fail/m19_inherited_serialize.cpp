// A class that inherits serialize: its own members would not be sent.
// first build error: mpimap\[M19\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

struct particle {
    double mass = 0;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& mass;
    }
};
struct ion : particle {
    double charge = 0;
#ifdef MEND
    template <typename Archive>
    void serialize(Archive& archive, unsigned version) {
        particle::serialize(archive, version);
        archive& charge;
    }
#endif
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<ion> ions(3);
    const std::vector<double> r = mpimap::mpi_map(
        world, [](const ion& i) { return i.charge / i.mass; }, ions);
    return r.size() == 3 ? 0 : 1;
}
