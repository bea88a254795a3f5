// The same inside of another type.
// first build error: mpimap\[M11\]

#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

class mass {
  public:
#ifdef MEND
    mass() = default;
#endif
    explicit mass(double kg) : kg_(kg) {}
    [[nodiscard]] double kg() const {
        return kg_;
    }
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& kg_;
    }

  private:
    double kg_ = 0;
};

struct body {
    std::string name;
    std::vector<mass> parts;
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<body> bodies{{"a", {mass(1)}}, {"b", {}}};
    const std::vector<std::size_t> r = mpimap::mpi_map(
        world, [](const body& b) { return b.parts.size(); }, bodies);
    return r.size() == 2 ? 0 : 1;
}
