// A function object behind a reference to its base: only the base would be sent.
// first build error: mpimap\[M02\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

struct potential {
    virtual ~potential() = default;
    virtual double operator()(double x) const = 0;
};
struct harmonic final : potential {
    double k = 1;
    double operator()(double x) const override { return k * x * x; }
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& k;
    }
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const harmonic h;
#ifdef MEND
    const std::vector<double> r = mpimap::mpi_map(world, h, xs);
#else
    const potential& p = h;
    const std::vector<double> r = mpimap::mpi_map(world, p, xs);
#endif
    return r.size() == 3 ? 0 : 1;
}
