// Objects with state. A class with private members says in a `serialize` function what travels; an aggregate,
// even of strings and vectors, needs nothing.

#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include <boost/mpi/communicator.hpp>
#include <boost/serialization/vector.hpp>

#include <mpimap/mpimap.hpp>

#include "check.hpp"

class polynomial {
  public:
    polynomial() = default; // what the other ranks receive their copy into
    explicit polynomial(std::vector<double> coefficients) : coefficients_(std::move(coefficients)) {}

    double operator()(double x) const {
        double value = 0;
        for (auto coefficient = coefficients_.rbegin(); coefficient != coefficients_.rend(); ++coefficient) {
            value = value * x + *coefficient;
        }
        return value;
    }

  private:
    friend class boost::serialization::access;
    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& coefficients_;
    }

    std::vector<double> coefficients_; // of x^0, x^1, ...
};

struct greeting {
    std::string text;
    std::vector<std::string> endings;
    std::string operator()(const std::string& name) const {
        return text + name + endings.at(name.size() % 2);
    }
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;

    const auto values = mpimap::mpi_map(world, polynomial({1, 0, 2}), std::vector<double>{0, 1, 2, 3});
    const std::vector<std::string> names = {"Ada", "Emmy", "Grace"};
    const auto greetings = mpimap::mpi_map(world, greeting{"Hello ", {"!", "."}}, names);

    if (world.rank() == 0) {
        std::cout << "1 + 2 x^2 at 0, 1, 2, 3: " << values[0] << ' ' << values[1] << ' ' << values[2] << ' '
                  << values[3] << '\n'
                  << greetings[0] << ' ' << greetings[1] << ' ' << greetings[2] << '\n';
        check(values == std::vector<double>{1, 3, 9, 19}, "the coefficients travel by serialize");
        check(greetings == std::vector<std::string>{"Hello Ada.", "Hello Emmy!", "Hello Grace."},
              "the members of an aggregate travel one by one");
    }
}
