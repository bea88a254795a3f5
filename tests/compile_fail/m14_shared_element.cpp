// Shared pointers to a serializable type without Boost's headers.
// first build error: mpimap\[M14\]

#include <memory>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>
#ifdef MEND
#include <mpimap/serialization.hpp>
#endif

struct grid {
    std::size_t points = 0;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& points;
    }
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<std::shared_ptr<grid>> grids(3, std::make_shared<grid>());
    const auto points = [](const std::shared_ptr<grid>& g) { return g->points; };
    const std::vector<std::size_t> r = mpimap::mpi_map(world, points, grids);
    return r.size() == 3 ? 0 : 1;
}
