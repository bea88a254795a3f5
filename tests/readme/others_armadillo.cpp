// The sample of docs/types-of-others.md for Armadillo.

#include "others_armadillo.inc"

#include "others.hpp"

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const auto equal = [](const auto& a, const auto& b) {
        return arma::size(a) == arma::size(b) && arma::all(arma::vectorise(a == b));
    };
    std::vector<arma::mat> matrices;
    std::vector<arma::vec> columns;
    std::vector<arma::cx_rowvec> rows;
    for (const arma::uword n : {0U, 1U, 3U, 150U}) {
        matrices.emplace_back(n, n / 2, arma::fill::randu);
        columns.emplace_back(n, arma::fill::randu);
        rows.emplace_back(n, arma::fill::randu);
    }
    const bool right = travels(
                           matrices, [](const arma::mat& m) -> arma::mat { return 2 * m; }, equal) &&
                       travels(
                           columns, [](const arma::vec& v) -> arma::vec { return 2 * v; }, equal) &&
                       travels(
                           rows, [](const arma::cx_rowvec& v) -> arma::cx_rowvec { return 2 * v; }, equal);
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
