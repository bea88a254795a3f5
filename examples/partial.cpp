// Partial functions: bind_front and bind_back fix some arguments, the ranges give the others. They are those
// of std, made so that they travel.

#include <iostream>
#include <string_view>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "check.hpp"

double power(double base, int exponent) {
    return exponent == 0 ? 1 : base * power(base, exponent - 1);
}

struct spring {
    double stiffness;
    [[nodiscard]] double energy(double length, double rest_length) const {
        return stiffness / 2 * (length - rest_length) * (length - rest_length);
    }
};

void print(std::string_view title, const std::vector<double>& values) {
    std::cout << title;
    for (const double value : values) {
        std::cout << ' ' << value;
    }
    std::cout << '\n';
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;

    const std::vector<double> lengths = {1, 2, 3, 4};
    const auto powers_of_two =
        mpimap::mpi_map(world, mpimap::bind_front(power, 2.0), std::vector{0, 1, 2, 10});
    const auto cubes = mpimap::mpi_map(world, mpimap::bind_back(power, 3), lengths);

    // A method's first argument is its object. Both spellings ship a copy of it to every rank, once per call.
    const spring soft{.stiffness = 2};
    const std::vector<double> rest_lengths(lengths.size(), 1.0);
    const auto energies =
        mpimap::mpi_map(world, mpimap::bind_front<&spring::energy>(soft), lengths, rest_lengths);
    const auto the_same =
        mpimap::mpi_map(world, mpimap::bind_front(&spring::energy, soft), lengths, rest_lengths);

    if (world.rank() == 0) {
        print("powers of two:  ", powers_of_two);
        print("cubes:          ", cubes);
        print("spring energies:", energies);
        check(powers_of_two == std::vector<double>{1, 2, 4, 1024}, "bind_front fixes the base");
        check(cubes == std::vector<double>{1, 8, 27, 64}, "bind_back fixes the exponent");
        check(energies == std::vector<double>{0, 1, 4, 9}, "the method sees its object on every rank");
        check(the_same == energies, "a method may be a template argument or a value");
    }
}
