// What an item can know about itself (mpimap::task), and what is made once on each rank instead of travelling
// there (mpimap::per_rank): open files, solvers with their workspace, handles of devices.

#include <cstddef>
#include <iostream>
#include <memory>
#include <numeric>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "check.hpp"

struct record {
    std::size_t index;
    int rank;
    int size;
    double value;
};

record describe(const mpimap::task& task, double x) {
    return {task.index(), task.rank(), task.size(), x * x};
}

// Can neither be copied nor sent.
class integrator {
  public:
    double operator()(double end) {
        for (std::size_t i = 0; i < workspace_->size(); ++i) {
            (*workspace_)[i] = end * (static_cast<double>(i) + 0.5) / static_cast<double>(workspace_->size());
        }
        return end * std::accumulate(workspace_->begin(), workspace_->end(), 0.0) /
               static_cast<double>(workspace_->size());
    }

  private:
    std::unique_ptr<std::vector<double>> workspace_ = std::make_unique<std::vector<double>>(1024);
};

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;
    const std::vector<double> xs = {1, 2, 3, 4, 5, 6};

    const auto records = mpimap::mpi_map(world, describe, xs);
    const auto areas = mpimap::mpi_map(world, mpimap::per_rank([] { return integrator(); }), xs);

    if (world.rank() == 0) {
        for (std::size_t i = 0; i < records.size(); ++i) {
            const auto& [index, rank, size, value] = records[i];
            std::cout << "item " << index << " ran on rank " << rank << " of " << size << ": x^2 = " << value
                      << ", area below = " << areas[i] << '\n';
            check(index == i && value == xs[i] * xs[i], "each item knows its index");
            check(size == world.size() && rank >= 0 && rank < size, "and where it runs");
        }
        check(areas == std::vector<double>{0.5, 2, 4.5, 8, 12.5, 18},
              "each rank has an integrator of its own");
    }
}
