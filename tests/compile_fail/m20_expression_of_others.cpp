// An expression of a library that has said what its expressions are: mpimap::is_expression.
// first build error: mpimap\[M20\]

#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

namespace algebra {

struct number {
    double value = 0;
};
template <typename A, typename B>
class sum {
  public:
    sum(const A& a, const B& b) : a_(a), b_(b) {}
    operator number() const { return {a_.value + b_.value}; }

  private:
    const A& a_;
    const B& b_;
};
inline sum<number, number> operator+(const number& a, const number& b) {
    return {a, b};
}

} // namespace algebra

template <typename A, typename B>
inline constexpr bool mpimap::is_expression<algebra::sum<A, B>> = true;

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const std::vector<algebra::number> xs{{1}, {2}, {3}};
#ifdef MEND
    const auto twice = [](const algebra::number& x) -> algebra::number { return x + x; };
#else
    const auto twice = [](const algebra::number& x) { return x + x; };
#endif
    const std::vector<algebra::number> r = mpimap::mpi_map(world, twice, xs);
    return r.size() == 3 ? 0 : 1;
}
