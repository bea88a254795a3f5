// Items that fail now and then (a licence server, a flaky file system) get more attempts, on other ranks
// first.

#include <cstddef>
#include <iostream>
#include <stdexcept>
#include <system_error>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "check.hpp"

struct measured {
    double value;
    int rank;
};

// On rank 0 the instrument is out of order, if there is another; one item is bad on every rank.
measured measure(const mpimap::task& where, double x) {
    if (x < 0)
        throw std::invalid_argument("a negative length");
    if (where.rank() == 0 && where.size() > 1)
        throw std::system_error(std::make_error_code(std::errc::io_error));
    return {x * x, where.rank()};
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;
    const std::vector<double> xs = {1, 2, 3, -4, 5, 6};

    const mpimap::options patient{.attempts = 3, .retry_if = [](const mpimap::task_error& e) {
                                      return e.type() == "std::system_error"; // others would fail again
                                  }};
    const auto all = mpimap::mpi_try_map(world, patient, measure, xs);

    for (std::size_t i = 0; i < all.size(); ++i) { // on rank 0
        if (all[i]) {
            std::cout << xs[i] << ": " << all[i]->value << " from rank " << all[i]->rank << '\n';
        } else {
            std::cout << xs[i] << ": " << all[i].error().what() << '\n';
        }
        check(all[i].has_value() == (xs[i] >= 0), "only what is bad everywhere has failed");
        check(!all[i] || world.size() == 1 || all[i]->rank != 0, "the others ran where they could");
    }
}
