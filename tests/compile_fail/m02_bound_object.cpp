// A bound object whose class nobody can send.
// first build error: mpimap\[M02\]

#include <string>
#include <utility>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

class model {
  public:
    model() = default;
    explicit model(std::string name) : name_(std::move(name)) {}
    double energy(double x) const { return x * static_cast<double>(name_.size()); }

  private:
    std::string name_;
#ifdef MEND
    friend class boost::serialization::access;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& name_;
    }
#endif
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const model m("argon");
    const std::vector<double> r = mpimap::mpi_map(world, mpimap::bind_front<&model::energy>(m), xs);
    return r.size() == 3 ? 0 : 1;
}
