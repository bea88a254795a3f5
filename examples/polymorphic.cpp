// A virtual method called through a base class: the object behind the pointer travels, whatever its class is.
// Classes are made known in Boost.Serialization's own way.

#include <iostream>
#include <memory>
#include <numbers>
#include <vector>

#include <boost/mpi/communicator.hpp>
#include <boost/serialization/base_object.hpp>
#include <boost/serialization/export.hpp>

#include <mpimap/mpimap.hpp>
#include <mpimap/serialization.hpp> // for shared_ptr

#include "check.hpp"

struct shape {
    virtual ~shape() = default;
    [[nodiscard]] virtual double area(double scale) const = 0;
    template <class Archive>
    void serialize(Archive&, unsigned /*version*/) {}
};

struct circle : shape {
    double radius = 1;
    [[nodiscard]] double area(double scale) const override {
        return std::numbers::pi * scale * radius * scale * radius;
    }
    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& boost::serialization::base_object<shape>(*this) & radius;
    }
};

struct square : shape {
    double side = 1;
    [[nodiscard]] double area(double scale) const override { return scale * side * scale * side; }
    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& boost::serialization::base_object<shape>(*this) & side;
    }
};

BOOST_SERIALIZATION_ASSUME_ABSTRACT(shape)
BOOST_CLASS_EXPORT(circle)
BOOST_CLASS_EXPORT(square)

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;

    const std::vector<std::shared_ptr<shape>> shapes = {std::make_shared<circle>(),
                                                        std::make_shared<square>()};
    const std::vector<double> scales = {1, 2, 3};

    // One shape, many scales: the shape is the bound object ...
    const auto squares = mpimap::mpi_map(world, mpimap::bind_front<&shape::area>(shapes[1]), scales);
    // ... and many shapes, one scale: the shapes are the items.
    const auto areas = mpimap::mpi_map(world, &shape::area, shapes, mpimap::broadcast(1.0));

    if (world.rank() == 0) {
        std::cout << "squares of scale 1, 2, 3: " << squares[0] << ' ' << squares[1] << ' ' << squares[2]
                  << '\n'
                  << "circle and square of scale 1: " << areas[0] << ' ' << areas[1] << '\n';
        check(squares == std::vector<double>{1, 4, 9}, "the bound object keeps its class");
        check(areas == std::vector<double>{std::numbers::pi, 1}, "each item keeps its class");
    }
}
