// README's first program as Boost.MPI has it. It is compiled only, by scripts/bench, which compares the
// times.

#include <cmath>
#include <cstddef>
#include <iostream>
#include <vector>

#include <boost/mpi.hpp>
#include <boost/serialization/vector.hpp>

struct oscillator {
    double frequency, damping;
    double at(double t) const { return std::exp(-damping * t) * std::cos(frequency * t); }
    template <typename Archive>
    void serialize(Archive& ar, unsigned int) {
        ar& frequency& damping;
    }
};

int main(int argc, char** argv) {
    boost::mpi::environment env(argc, argv);
    boost::mpi::communicator world;

    oscillator o{2.0, 0.1};
    boost::mpi::broadcast(world, o, 0);
    const std::vector<double> times = {0.0, 0.5, 1.0, 1.5, 2.0};
    std::vector<std::vector<double>> slices(static_cast<std::size_t>(world.size()));
    for (std::size_t i = 0; i < times.size(); ++i)
        slices[i % slices.size()].push_back(times[i]);
    std::vector<double> mine;
    boost::mpi::scatter(world, slices, mine, 0);
    for (double& t : mine)
        t = o.at(t);
    boost::mpi::gather(world, mine, slices, 0);

    if (world.rank() != 0)
        return 0;
    for (std::size_t i = 0; i < times.size(); ++i) {
        std::cout << slices[i % slices.size()][i / slices.size()] << '\n';
    }
}
