#include "modules.hpp"

namespace {

/// Of the same name in the other file, and so are the lambdas.
auto make_plain() {
    return [](int x) { return x + 10; };
}
auto make_with_capture(int a) {
    return [a](int x) { return a * x + 10; };
}

} // namespace

void modules::run_in_first_file(mpimap::pool& p) {
    const std::vector<int> xs{0, 1, 2, 3, 4, 5};
    const std::vector<int> plain{10, 10 + 1, 10 + 2, 10 + 3, 10 + 4, 10 + 5};
    const std::vector<int> scaled{10, 10 + 3, 10 + 6, 10 + 9, 10 + 12, 10 + 15};
    for (const auto s : {mpimap::schedule::automatic, mpimap::schedule::static_}) {
        CHECK(p.map({.schedule = s}, make_plain(), xs) == plain);
        CHECK(p.map({.schedule = s}, make_with_capture(3), xs) == scaled);
    }
    CHECK(p.submit(make_plain(), 1).get() == 10 + 1);
}
