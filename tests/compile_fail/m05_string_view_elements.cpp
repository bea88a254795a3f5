// Elements that are views of memory of the root.
// first build error: mpimap\[M05\]

#include <string>
#include <string_view>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
#ifdef MEND
    const std::vector<std::string> words{"one", "two"};
#else
    const std::vector<std::string_view> words{"one", "two"};
#endif
    const std::vector<std::size_t> r = mpimap::mpi_map(
        world, [](std::string_view w) { return w.size(); }, words);
    return r.size() == 2 ? 0 : 1;
}
