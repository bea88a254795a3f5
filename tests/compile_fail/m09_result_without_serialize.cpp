// A result of a class that nobody can send.
// first build error: mpimap\[M09\]

#include <string>
#include <utility>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

class answer {
  public:
    answer() = default;
    explicit answer(std::string text) : text_(std::move(text)) {}

  private:
    std::string text_;
#ifdef MEND
    friend class boost::serialization::access;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& text_;
    }
#endif
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const std::vector<answer> r = mpimap::mpi_map(
        world, [](double x) { return answer(std::to_string(x)); }, xs);
    return r.size() == 3 ? 0 : 1;
}
