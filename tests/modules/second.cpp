#include "modules.hpp"

namespace {

/// Of the same name in the other file, and so are the lambdas.
auto make_plain() {
    return [](int x) { return x + 20; };
}
auto make_with_capture(int a) {
    return [a](int x) { return a * x + 20; };
}

} // namespace

void modules::run_in_second_file(mpimap::pool& p) {
    const std::vector<int> xs{0, 1, 2, 3, 4, 5};
    const std::vector<int> plain{20, 20 + 1, 20 + 2, 20 + 3, 20 + 4, 20 + 5};
    const std::vector<int> scaled{20, 20 + 3, 20 + 6, 20 + 9, 20 + 12, 20 + 15};
    for (const auto s : {mpimap::schedule::automatic, mpimap::schedule::static_}) {
        CHECK(p.map({.schedule = s}, make_plain(), xs) == plain);
        CHECK(p.map({.schedule = s}, make_with_capture(3), xs) == scaled);
    }
    CHECK(p.submit(make_plain(), 1).get() == 20 + 1);
}
