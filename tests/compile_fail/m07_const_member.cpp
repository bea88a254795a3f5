// A struct with a const member, into which nothing can be read.
// first build error: mpimap\[M07\]

#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

struct event {
#ifdef MEND
    std::string name;
#else
    const std::string name;
#endif
    double time;
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<event> events{{"start", 0}, {"end", 1}};
    const std::vector<double> r = mpimap::mpi_map(
        world, [](const event& e) { return e.time; }, events);
    return r.size() == 2 ? 0 : 1;
}
