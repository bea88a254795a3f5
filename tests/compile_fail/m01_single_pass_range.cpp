// A range that can be read only once.
// first build error: mpimap\[M01\]

#include <iostream>
#include <iterator>
#include <ranges>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
#ifdef MEND
    const std::vector<double> numbers{std::istream_iterator<double>(std::cin), {}};
#else
    auto numbers = std::views::istream<double>(std::cin);
#endif
    const std::vector<double> twice = mpimap::mpi_map(
        world, [](double x) { return 2 * x; }, numbers);
    return twice.empty() ? 1 : 0;
}
