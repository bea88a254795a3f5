// A smart pointer to a base class without Boost's headers.
// first build error: mpimap\[M14\]

#include <memory>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>
#ifdef MEND
#include <mpimap/serialization.hpp>
#endif

struct shape {
    virtual ~shape() = default;
    double size = 0;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& size;
    }
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const auto make = [](double) { return std::make_unique<shape>(); };
    const std::vector<std::unique_ptr<shape>> r = mpimap::mpi_map(world, make, xs);
    return r.size() == 3 ? 0 : 1;
}
