// A set that is ordered by a pointer to a function.
// first build error: mpimap\[M05\]

#include <set>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#ifdef MEND
struct descending {
    bool operator()(int a, int b) const { return a > b; }
};
using numbers = std::set<int, descending>;
#else
using numbers = std::set<int, bool (*)(int, int)>;
#endif

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<numbers> sets;
    const std::vector<int> r = mpimap::mpi_map(
        world, [](const numbers& s) { return *s.begin(); }, sets);
    return r.empty() ? 0 : 1;
}
