// The sample of docs/types-of-others.md for GMP.

#include "others_gmp.inc"

#include "others.hpp"

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    std::vector<mpz_class> factorials(1, 1);
    for (int n = 1; n < 300; ++n)
        factorials.push_back(n % 7 == 0 ? mpz_class(-n * factorials.back())
                                        : mpz_class(n * factorials.back()));
    const auto twice = [](const mpz_class& z) -> mpz_class { return 2 * z; };
    bool right = travels(factorials, twice, [](const mpz_class& a, const mpz_class& b) { return a == b; });

    const mpz_class sum = mpimap::mpi_map_reduce(world, std::plus<>{}, mpz_class(0), twice, factorials);
    mpz_class expected = 0;
    for (const mpz_class& z : factorials)
        expected += twice(z);
    right = right && sum == (world.rank() == 0 ? expected : mpz_class(0));

    static_assert(mpimap::is_expression<decltype(sum + sum)> && !mpimap::is_expression<mpz_class>);
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
