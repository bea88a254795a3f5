// A result that is a view of something that is gone.
// first build error: mpimap\[M08\]

#include <ranges>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
#ifdef MEND
    const auto ones = [](double x) { return std::vector<int>(static_cast<std::size_t>(x), 1); };
    const std::vector<std::vector<int>> r = mpimap::mpi_map(world, ones, xs);
#else
    const auto numbers = [](double x) { return std::views::iota(0, static_cast<int>(x)); };
    const std::vector<std::ranges::iota_view<int, int>> r = mpimap::mpi_map(world, numbers, xs);
#endif
    return r.size() == 3 ? 0 : 1;
}
