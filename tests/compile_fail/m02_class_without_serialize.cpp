// A function object with private state that is not plain bytes and no serialize function.
// first build error: mpimap\[M02\]

#include <string>
#include <utility>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

class labels {
  public:
    labels() = default;
    explicit labels(std::string unit) : unit_(std::move(unit)) {}
    std::string operator()(double x) const { return std::to_string(x) + unit_; }

  private:
    std::string unit_;
#ifdef MEND
    friend class boost::serialization::access;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& unit_;
    }
#endif
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const std::vector<std::string> r = mpimap::mpi_map(world, labels("m"), xs);
    return r.size() == 3 ? 0 : 1;
}
