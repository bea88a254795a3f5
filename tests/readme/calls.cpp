// README's list of calls, with what it takes for granted.

#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <mpimap/mpimap.hpp>

namespace {

double add(double x, double y) {
    return x + y;
}
double power(double x, double exponent) {
    return std::pow(x, exponent);
}
double fit(const std::vector<double>& table, double x) {
    return table.front() * x;
}
std::size_t simulate(std::size_t seed) {
    return seed * 2654435761U % 1000;
}

struct model {
    double scale = 2;
    double energy(double x) const { return scale * x; }
};

struct solver {
    std::unique_ptr<std::string> mesh; // cannot be sent
    double operator()(double x) const { return x + static_cast<double>(mesh->size()); }
};
solver open_solver(const std::string& name) {
    return {std::make_unique<std::string>(name)};
}

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs = {1, 2, 3};
    const std::vector<double> ys = {4, 5, 6};
    const std::vector<double> table = {10, 20};
    const model m;

#include "calls.inc"

    if (world.rank() != 0) return EXIT_SUCCESS;
    const bool right = a == std::vector<double>{5, 7, 9} && b == std::vector<double>{3, 6, 9} &&
                       c == std::vector<double>{2, 4, 6} && d == std::vector<double>{1, 4, 9} &&
                       e == std::vector<double>{10, 20, 30} && f.size() == 1'000'000 && f[3] == simulate(3) &&
                       g == a && h == std::vector<double>{9, 10, 11} &&
                       i == std::vector<double>{5, 6, 7, 6, 7, 8, 7, 8, 9};
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
