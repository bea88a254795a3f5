// Arguments that are no ranges: one value for all items, sent to every rank once, and the index of the item
// itself, for which two numbers are sent however many items there are.

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "check.hpp"

// Linear interpolation in a table over [0, 1].
double look_up(const std::vector<double>& table, double x) {
    const double position = x * static_cast<double>(table.size() - 1);
    const auto left = std::min(static_cast<std::size_t>(position), table.size() - 2);
    return table[left] + (position - static_cast<double>(left)) * (table[left + 1] - table[left]);
}

std::size_t sum_of_digits(std::size_t number) {
    return number == 0 ? 0 : number % 10 + sum_of_digits(number / 10);
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;

    const std::vector<double> table = {0, 10, 40};
    const std::vector<double> xs = {0, 0.25, 0.5, 0.75, 1};
    const auto values = mpimap::mpi_map(world, look_up, mpimap::broadcast(table), xs);

    const auto sums = mpimap::mpi_map(world, sum_of_digits, mpimap::indices(100'000));
    const auto few = mpimap::mpi_map(world, sum_of_digits, mpimap::indices(97, 102));

    // Without an end the indices are as many as the other ranges have items: a range and its positions.
    const auto weighted = mpimap::mpi_map(
        world, [](double x, std::size_t index) { return x * static_cast<double>(index); }, xs,
        mpimap::indices());

    if (world.rank() == 0) {
        std::cout << "table at 0, 1/4, 1/2, 3/4, 1:";
        for (const double value : values) {
            std::cout << ' ' << value;
        }
        std::cout << "\nthe sum of the digits of 99999 is " << sums.back() << '\n';
        check(values == std::vector<double>{0, 5, 10, 25, 40}, "all items see the one table");
        check(sums.size() == 100'000 && sums.back() == 45, "the index is the argument");
        check(few == std::vector<std::size_t>{16, 17, 18, 1, 2}, "from 97 up to, not including, 102");
        check(weighted == std::vector<double>{0, 0.25, 1, 2.25, 4}, "unbounded indices adapt");
    }
}
