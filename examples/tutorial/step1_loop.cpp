// The sweep as a program for one core: a loop over all points.

#include <cstddef>
#include <vector>

#include "sweep.hpp"

double period(double f, double k5) {
    return oregonator::period(f, k5, {4, 1.1, 4});
}

int main(int argc, char** argv) {
    const std::size_t n = points(argc, argv);
    const std::vector<double> fs = evenly(0.6, 2.1, n);
    const std::vector<double> k5s = by_ratio(0.1, 100, n);

    std::vector<double> periods;
    for (const double f : fs) {
        for (const double k5 : k5s)
            periods.push_back(period(f, k5));
    }

    print(fs, k5s, periods);
}
