// The sample of docs/types-of-others.md for xtensor.

#include "others_xtensor.inc"

#include "others.hpp"

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    using tensor = xt::xtensor<double, 2>;
    std::vector<tensor> tensors;
    for (const std::size_t n : {0U, 1U, 3U, 150U}) {
        tensor t({n, n + 1});
        for (std::size_t i = 0; i < t.size(); ++i)
            t.data()[i] = 0.5 * static_cast<double>(i);
        tensors.push_back(t);
    }
    const bool right = travels(
        tensors, [](const tensor& t) -> tensor { return 2.0 * t; },
        [](const tensor& a, const tensor& b) { return a.shape() == b.shape() && a == b; });
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
