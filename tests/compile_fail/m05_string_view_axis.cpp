// An axis of views of memory of the root.
// first build error: mpimap\[M05\]
// build error: axis<2>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<std::size_t> counts{1, 2, 3};
#ifdef MEND
    const std::vector<std::string> words{"one", "two"};
#else
    const std::vector<std::string_view> words{"one", "two"};
#endif
    const auto letters = [](std::size_t n, std::string_view word) { return n * word.size(); };
    const std::vector<std::size_t> r = mpimap::mpi_map(world, letters, mpimap::grid(counts, words));
    return r.size() == 6 ? 0 : 1;
}
