// An operator<< that is declared, and does not compile: used for the arguments in error texts.
// build error: append_argument_if_is_printable

#include <ostream>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

struct cell {
    double width = 1;
};
template <typename T>
struct mesh {
    std::vector<T> cells;
};
template <typename T>
std::ostream& operator<<(std::ostream& out, const mesh<T>& m) {
    for (const T& c : m.cells)
        out << c;
    return out;
}

#ifdef MEND
template <>
inline constexpr bool mpimap::is_printable<mesh<cell>> = false;
#endif

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<mesh<cell>> meshes(3);
    const std::vector<std::size_t> r = mpimap::mpi_map(
        world, [](const mesh<cell>& m) { return m.cells.size(); }, meshes);
    return r.size() == 3 ? 0 : 1;
}
