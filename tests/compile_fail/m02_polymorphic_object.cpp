// A pointer to a polymorphic object without serialize is bound: its dynamic type could not be sent.
// first build error: mpimap\[M02\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>
#ifdef MEND
#include <mpimap/serialization.hpp>
#endif

struct force {
    virtual ~force() = default;
    virtual double at(double x) const = 0;
#ifdef MEND
    template <typename Archive>
    void serialize(Archive&, unsigned) {}
#endif
};
struct spring : force {
    double at(double x) const override { return -x; }
#ifdef MEND
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& boost::serialization::base_object<force>(*this);
    }
#endif
};
#ifdef MEND
BOOST_CLASS_EXPORT(spring)
#endif

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const spring s;
    const force* f = &s;
    const std::vector<double> r = mpimap::mpi_map(world, mpimap::bind_front<&force::at>(f), xs);
    return r.size() == 3 ? 0 : 1;
}
