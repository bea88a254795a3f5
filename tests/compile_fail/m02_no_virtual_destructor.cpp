// The base of a bound polymorphic object has no virtual destructor: copies could not be deleted.
// first build error: mpimap\[M02\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>
#include <mpimap/serialization.hpp>

#pragma GCC diagnostic ignored "-Wnon-virtual-dtor" // the compilers know of it, too

struct force {
#ifdef MEND
    virtual ~force() = default;
#endif
    virtual double at(double x) const = 0;
    template <typename Archive>
    void serialize(Archive&, unsigned) {}
};
struct spring final : force {
    double at(double x) const override { return -x; }
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& boost::serialization::base_object<force>(*this);
    }
};
BOOST_CLASS_EXPORT(spring)

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const spring s;
    const force* f = &s;
    const std::vector<double> r = mpimap::mpi_map(world, mpimap::bind_front<&force::at>(f), xs);
    return r.size() == 3 ? 0 : 1;
}
