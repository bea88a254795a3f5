// The serialize of cereal: the archive alone.
// first build error: mpimap\[M21\]
// build error: station.*at::argument<1>

#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

struct station {
    std::string name;
    double height = 0;
#ifdef MEND
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& name;
        archive& height;
    }
#else
    template <typename Archive>
    void serialize(Archive& archive) {
        archive(name, height);
    }
#endif
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<station> stations(3);
    const std::vector<double> r = mpimap::mpi_map(
        world, [](const station& s) { return s.height; }, stations);
    return r.size() == 3 ? 0 : 1;
}
