// The same inside of another class with serialize.
// build error: mpimap\[M19\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

struct particle {
    double mass = 0;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& mass;
    }
};
struct tagged : particle {
    static constexpr int tag = 7;
};
#ifdef MEND
template <>
inline constexpr bool mpimap::serialized_by_base<tagged> = true;
#endif
struct pair_of_them {
    tagged first;
    tagged second;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& first;
        archive& second;
    }
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<pair_of_them> pairs(3);
    const std::vector<double> r = mpimap::mpi_map(
        world, [](const pair_of_them& p) { return p.first.mass + p.second.mass; }, pairs);
    return r.size() == 3 ? 0 : 1;
}
