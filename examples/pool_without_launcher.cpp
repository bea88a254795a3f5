// A program that is started by hand, without mpirun: a class maps its own method over ranks that the pool
// makes. In Python it would be
//
//     class model:
//         def run(self, xs):
//             pool = ProcessingPool(nodes=4)
//             return pool.map(self.compute, xs)

#include <cstddef>
#include <iostream>
#include <numbers>
#include <vector>

#include <mpimap/mpimap.hpp>

#include "check.hpp"

class model {
  public:
    explicit model(double scale) : scale_(scale) {}

    [[nodiscard]] double compute(double x) const { return scale_ * x * x; }

    // Three more processes run main up to the pool, serve in it, and end there with it: what follows is this
    // one's alone. MPIMAP_RANKS in the environment takes the place of the 4.
    [[nodiscard]] std::vector<double> run(const std::vector<double>& xs) const {
        mpimap::pool pool(mpimap::spawn{4});
        std::cout << "computed by " << pool.size() << (pool.size() == 1 ? " rank:" : " ranks:");
        return pool.map(mpimap::bind_front<&model::compute>(this), xs);
    }

  private:
    double scale_;
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);

    const model circle(std::numbers::pi);
    const std::vector<double> radii = {1, 2, 3, 4, 5, 6};
    const std::vector<double> areas = circle.run(radii);
    for (const double a : areas) {
        std::cout << ' ' << a;
    }
    std::cout << '\n';

    check(areas.size() == radii.size(), "an area of each circle");
    for (std::size_t i = 0; i < radii.size(); ++i) {
        check(areas[i] == circle.compute(radii[i]), "as computed here");
    }
}
