// A thread in a struct in a map in a struct: where it sits is said.
// first build error: mpimap\[M06\]
// build error: thread.*at::argument<2>.*at::member<2, run>.*at::part_of<std::map<.*at::member<1,
// worker>.*at::part_of<.*unique_ptr

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

struct worker {
#ifdef MEND
    int thread = 0;
#else
    std::unique_ptr<std::thread> thread;
#endif
};
struct run {
    std::string name;
    std::map<int, worker> workers;
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs(3);
    const std::vector<run> runs(3);
    const std::vector<double> r = mpimap::mpi_map(
        world, [](double x, const run& y) { return x + static_cast<double>(y.workers.size()); }, xs, runs);
    return r.size() == 3 ? 0 : 1;
}
