// A class that maps its own method, from inside: the object travels to every rank, with its members.

#include <cstddef>
#include <iostream>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "check.hpp"

class ruler {
  public:
    explicit ruler(double unit) : unit_(unit) {}

    [[nodiscard]] double square(double length) const { return unit_ * length * unit_ * length; }

    [[nodiscard]] std::vector<double> squares_by_reference(const boost::mpi::communicator& world,
                                                           const std::vector<double>& lengths) const {
        return mpimap::mpi_map(world, mpimap::bind_front<&ruler::square>(*this), lengths);
    }

    // `this` is read on the root only: what the other ranks get is a copy of the object, not the address.
    [[nodiscard]] std::vector<double> squares_by_pointer(const boost::mpi::communicator& world,
                                                         const std::vector<double>& lengths) const {
        return mpimap::mpi_map(world, mpimap::bind_front<&ruler::square>(this), lengths);
    }

  private:
    double unit_;
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;

    // The other ranks' objects do not count: they compute with the root's unit.
    const ruler half_centimetres(world.rank() == 0 ? 0.5 : -1000.0);
    const std::vector<double> lengths = {2, 4, 6, 8, 10};

    const auto by_reference = half_centimetres.squares_by_reference(world, lengths);
    const auto by_pointer = half_centimetres.squares_by_pointer(world, lengths);

    if (world.rank() == 0) {
        for (std::size_t i = 0; i < lengths.size(); ++i) {
            std::cout << "a square of side " << lengths[i] << " x 0.5 cm has " << by_reference[i]
                      << " cm^2\n";
        }
        check(by_reference == std::vector<double>{1, 4, 9, 16, 25}, "*this travels");
        check(by_pointer == by_reference, "this travels, too");
    }
}
