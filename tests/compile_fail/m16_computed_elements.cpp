// The output is a view that computes its elements: what is assigned to them goes nowhere.
// first build error: mpimap\[M16\]

#include <ranges>
#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
    const auto name = [](double x) { return "x" + std::to_string(x); };
    std::vector<std::string> names(3);
#ifdef MEND
    mpimap::mpi_map_into(world, name, names | std::views::reverse, xs);
#else
    const auto copy = [](const std::string& s) { return s; };
    mpimap::mpi_map_into(world, name, names | std::views::transform(copy), xs);
#endif
    return names.size() == 3 ? 0 : 1;
}
