// A type with serialize, but no object to read into.
// first build error: mpimap\[M11\]

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

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<mass> masses{mass(1), mass(2)};
    const std::vector<double> r = mpimap::mpi_map(
        world, [](const mass& m) { return m.kg(); }, masses);
    return r.size() == 2 ? 0 : 1;
}
