// A std::function bound to another function.
// first build error: mpimap\[M03\]

#include <functional>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

template <typename F>
double twice(const F& f, double x) {
    return f(f(x));
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<double> xs{1, 2, 3};
#ifdef MEND
    const auto f = [](double x) { return x + 1; };
    const auto g = [](const auto& inner, double x) { return twice(inner, x); };
    const std::vector<double> r = mpimap::mpi_map(world, mpimap::bind_front(g, f), xs);
#else
    const std::function<double(double)> f = [](double x) { return x + 1; };
    const auto g = [](const auto& inner, double x) { return twice(inner, x); };
    const std::vector<double> r = mpimap::mpi_map(world, mpimap::bind_front(g, f), xs);
#endif
    return r.size() == 3 ? 0 : 1;
}
