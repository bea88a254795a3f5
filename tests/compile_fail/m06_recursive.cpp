// A tree with a thread in each node.
// first build error: mpimap\[M06\]
// build error: thread.*at::member<2, node>

#include <memory>
#include <thread>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

struct node {
    std::vector<node> children;
#ifdef MEND
    int worker = 0;
#else
    std::unique_ptr<std::thread> worker;
#endif
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<node> trees(3);
    const std::vector<std::size_t> r = mpimap::mpi_map(
        world, [](const node& n) { return n.children.size(); }, trees);
    return r.size() == 3 ? 0 : 1;
}
