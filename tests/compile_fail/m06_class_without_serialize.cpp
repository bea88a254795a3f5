// Elements of a class that nobody can send.
// first build error: mpimap\[M06\]

#include <string>
#include <utility>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

class station {
  public:
    station() = default;
    explicit station(std::string name) : name_(std::move(name)) {}
    [[nodiscard]] const std::string& name() const { return name_; }

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
    const std::vector<station> stations(3, station("Uccle"));
    const std::vector<std::size_t> r = mpimap::mpi_map(
        world, [](const station& s) { return s.name().size(); }, stations);
    return r.size() == 3 ? 0 : 1;
}
