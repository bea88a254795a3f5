// A struct with a C array and a member that is no plain bytes.
// first build error: mpimap\[M07\]

#include <array>
#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

struct record {
    std::string name;
#ifdef MEND
    std::array<double, 3> position;
#else
    double position[3];
#endif
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<record> records(3);
    const std::vector<double> r = mpimap::mpi_map(
        world, [](const record& x) { return x.position[0]; }, records);
    return r.size() == 3 ? 0 : 1;
}
